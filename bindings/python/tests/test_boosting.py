"""The callbacks in real trainings of XGBoost and LightGBM."""

import pickle

import pytest
import stepsize as st
from frameworks import EXAMPLES, run

pytestmark = pytest.mark.framework
np = pytest.importorskip("numpy")
ROUNDS = 16
TEXT = "greedy(patience=0, factor=0.7, cooldown=0) * linear(20)"


def data(seed=0):
    random = np.random.default_rng(seed)
    inputs = random.normal(size=(200, 5))
    return inputs, inputs[:, 0] * 2 + np.sin(3 * inputs[:, 1]) + 0.3 * random.normal(size=200)


def reference(losses, text=TEXT, base=0.3):
    scheduler = st.Scheduler(base, text)
    return [scheduler.lr] + [scheduler.step(loss) for loss in losses[:-1]]


def rates32(rates):
    return [np.float32(rate) for rate in rates]


# ---- XGBoost ----


@pytest.fixture(scope="module")
def xgboost():
    return pytest.importorskip("xgboost", reason="xgboost is not installed")


def boost_xgboost(xgboost, callback, rounds=ROUNDS, model=None):
    class Used(xgboost.callback.TrainingCallback):
        def __init__(self):
            self.rates = []

        def after_iteration(self, model, epoch, evals_log):
            import json

            config = json.loads(model.save_config())
            self.rates.append(float(config["learner"]["gradient_booster"]["tree_train_param"]["learning_rate"]))
            return False

    used, history = Used(), {}
    held_out = xgboost.DMatrix(*data(1))
    model = xgboost.train(
        {"max_depth": 2, "nthread": 1}, xgboost.DMatrix(*data()), rounds, evals=[(held_out, "test")],
        evals_result=history, verbose_eval=False, callbacks=[used, *callback], xgb_model=model,
    )  # fmt: skip
    return model, used.rates, history["test"]["rmse"]


def test_xgboost_hears_the_metric_and_resumes_from_a_saved_model(xgboost, tmp_path):
    from stepsize.xgboost import LearningRate

    rates, losses = boost_xgboost(xgboost, [LearningRate(0.3, TEXT)])[1:]
    expected = reference(losses)
    assert rates32(rates) == rates32(expected)
    assert any(rate != pytest.approx(0.3 * (1 - i / 20)) for i, rate in enumerate(expected)), "nothing was cut"

    model, before, heard = boost_xgboost(xgboost, [LearningRate(0.3, TEXT)], 6)
    model.save_model(tmp_path / "model.json")
    model = xgboost.Booster(model_file=tmp_path / "model.json")
    _, after, later = boost_xgboost(xgboost, [LearningRate(0.3, TEXT)], ROUNDS - 6, model)
    assert rates32(before + after) == rates32(reference(heard + later))


def test_xgboost_equals_its_own_scheduler(xgboost):
    from stepsize.xgboost import LearningRate

    curve = st.parse("cosine(16, floor=0.1)").curve(16, base_lr=0.3)
    # It sets the rate after a round: the first has the default, 0.3, and each number counts for the round after it.
    own = xgboost.callback.LearningRateScheduler([*curve[1:], 0.0])
    ours = LearningRate(0.3, "cosine(16, floor=0.1)")
    expected = boost_xgboost(xgboost, [own])[1]
    assert len(expected) == ROUNDS and rates32(boost_xgboost(xgboost, [ours])[1]) == rates32(expected)
    # The same callback begins anew with another training.
    assert rates32(boost_xgboost(xgboost, [ours])[1]) == rates32(expected)


def test_xgboost_without_what_the_controller_needs(xgboost):
    from stepsize.xgboost import LearningRate

    with pytest.raises(st.StepsizeError, match="needs an evaluation set"):
        xgboost.train({}, xgboost.DMatrix(*data()), 2, callbacks=[LearningRate(0.3, TEXT)])
    with pytest.raises(st.StepsizeError, match="metric = 'test-auc', expected one of 'test-rmse'"):
        boost_xgboost(xgboost, [LearningRate(0.3, TEXT, metric="test-auc")])


# ---- LightGBM ----


@pytest.fixture(scope="module")
def lightgbm():
    return pytest.importorskip("lightgbm", reason="lightgbm is not installed")


def boost_lightgbm(lightgbm, callbacks, rounds=ROUNDS, model=None, valid=True):
    history = {}
    train = lightgbm.Dataset(*data(), free_raw_data=False)
    held_out = lightgbm.Dataset(*data(1), reference=train, free_raw_data=False)
    model = lightgbm.train(
        {"objective": "l2", "num_leaves": 4, "verbose": -1, "num_threads": 1, "deterministic": True}, train, rounds,
        valid_sets=[held_out] if valid else None, init_model=model,
        callbacks=[*callbacks, *([lightgbm.record_evaluation(history)] if valid else [])],
    )  # fmt: skip
    rates = [tree["shrinkage"] for tree in model.dump_model()["tree_info"]]
    return model, rates, history.get("valid_0", {}).get("l2")


def test_lightgbm_hears_the_metric_and_resumes(lightgbm, tmp_path):
    from stepsize.lightgbm import LearningRate

    _, rates, losses = boost_lightgbm(lightgbm, LearningRate(0.3, TEXT).callbacks)
    expected = reference(losses)
    assert rates[1:] == pytest.approx(expected[1:], rel=1e-5)  # the first tree holds the mean and is written with 1
    assert any(rate != pytest.approx(0.3 * (1 - i / 20)) for i, rate in enumerate(expected)), "nothing was cut"

    rate = LearningRate(0.3, TEXT)
    model, _, heard = boost_lightgbm(lightgbm, rate.callbacks, 6)
    model.save_model(tmp_path / "model.txt")
    state = pickle.dumps(rate.scheduler)
    resumed = LearningRate.resume(pickle.loads(state))
    _, after, later = boost_lightgbm(lightgbm, resumed.callbacks, ROUNDS - 6, str(tmp_path / "model.txt"))
    assert after[6:] == pytest.approx(reference(heard + later)[6:], rel=1e-5)


def test_lightgbm_equals_its_own_scheduler(lightgbm):
    from stepsize.lightgbm import LearningRate

    curve = list(st.parse("cosine(16, floor=0.1)").curve(16, base_lr=0.3))
    own = [lightgbm.reset_parameter(learning_rate=curve)]
    ours = LearningRate(0.3, "cosine(16, floor=0.1)").callbacks
    assert boost_lightgbm(lightgbm, ours)[1] == boost_lightgbm(lightgbm, own)[1]


def test_lightgbm_wrong_use(lightgbm):
    from stepsize.lightgbm import LearningRate

    with pytest.raises(st.StepsizeError, match="needs an evaluation set"):
        boost_lightgbm(lightgbm, LearningRate(0.3, TEXT).callbacks, valid=False)
    with pytest.raises(st.StepsizeError, match=r"pass callbacks=LearningRate\(...\).callbacks"):
        boost_lightgbm(lightgbm, [LearningRate(0.3, TEXT)])


def test_the_example_runs(xgboost, lightgbm):
    assert len(run(EXAMPLES / "boosting_greedy.py").splitlines()) == 4
