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


def labels(seed=0):
    inputs, targets = data(seed)
    return inputs, (targets > 0).astype(int)


def rates_of_xgboost(xgboost, ours, metric, rounds=12, **options):
    train, held_out, heard = xgboost.DMatrix(*labels()), xgboost.DMatrix(*labels(1)), {}
    used = []

    class Used(xgboost.callback.TrainingCallback):
        def before_iteration(self, model, epoch, evals_log):
            used.append(ours.scheduler.lr)
            return False

    model = xgboost.train(
        {"objective": "binary:logistic", "eval_metric": metric, "nthread": 1, "max_depth": 2}, train, rounds,
        evals=[(held_out, "test")], evals_result=heard, verbose_eval=False, callbacks=[Used(), ours], **options,
    )  # fmt: skip
    return model, used, heard["test"][metric]


@pytest.mark.parametrize("metric, mode", [("auc", "max"), ("map", "max"), ("ndcg@5-", "max"), ("logloss", "min")])
def test_xgboost_tells_which_way_is_better(xgboost, metric, mode):
    from stepsize.xgboost import LearningRate

    text = "plateau(patience=0, factor=0.8, threshold=0)"
    _, used, heard = rates_of_xgboost(xgboost, LearningRate(0.3, text), metric)
    assert used == reference(heard, f"{text[:-1]}, mode={mode})")
    # What the user says counts more.
    other = {"min": "max", "max": "min"}[mode]
    _, used, heard = rates_of_xgboost(xgboost, LearningRate(0.3, text, mode=other), metric)
    assert used == reference(heard, f"{text[:-1]}, mode={other})")


def test_xgboost_asks_about_a_metric_of_the_users_own(xgboost):
    from stepsize.xgboost import LearningRate

    def train(ours):
        xgboost.train(
            {"disable_default_eval_metric": True}, xgboost.DMatrix(*data()), 2, verbose_eval=False, callbacks=[ours],
            evals=[(xgboost.DMatrix(*data(1)), "test")], custom_metric=lambda predicted, matrix: ("gain", 1.0),
        )  # fmt: skip

    with pytest.raises(st.StepsizeError, match="metric = 'test-gain': it cannot be known .* pass mode='min' or"):
        train(LearningRate(0.3, TEXT))
    train(LearningRate(0.3, TEXT, mode="max"))
    train(LearningRate(0.3, "linear(4)"))


@pytest.mark.parametrize("first", ["ours", "theirs"])
@pytest.mark.parametrize("text", [TEXT, "linear(60)"])
def test_xgboost_goes_on_from_the_best_model(xgboost, text, first, tmp_path):
    """Early stopping has kept fewer rounds than were made."""
    from stepsize.xgboost import LearningRate

    def train(callbacks, count, model=None):
        heard = {}
        model = xgboost.train(
            {"nthread": 1, "max_depth": 6}, xgboost.DMatrix(*data()), count, evals_result=heard, verbose_eval=False,
            evals=[(xgboost.DMatrix(*data(1)), "test")], callbacks=callbacks, xgb_model=model,
        )  # fmt: skip
        return model, heard["test"]["rmse"]

    for save_best in (True, False):
        ours = LearningRate(0.9, text)
        stopping = xgboost.callback.EarlyStopping(rounds=3, save_best=save_best)
        model, heard = train([ours, stopping] if first == "ours" else [stopping, ours], 60)
        kept = model.num_boosted_rounds()
        assert kept == model.best_iteration + 1 < len(heard) if save_best else kept == len(heard) < 60
        model.save_model(tmp_path / "model.json")
        again = LearningRate(0.9, text)
        _, more = train([again], 5, xgboost.Booster(model_file=tmp_path / "model.json"))
        assert again.scheduler.current_step == kept + 5
        assert again.scheduler.lr == reference([*heard[:kept], *more, None], text, 0.9)[-1]

    # A slice by hand: the schedule knows its rate, of a controller it is not known what it had heard then.
    if text == TEXT:
        with pytest.raises(st.StepsizeError, match="the model has 2 rounds, and the state of its controller is"):
            train([again], 1, model[:2])
    else:
        train([again], 1, model[:2])
        assert again.scheduler.current_step == 3


def test_xgboost_gets_no_rate_that_it_refuses(xgboost):
    """Neither after the end of a schedule, nor one that is too small for 32 bits."""
    from stepsize.xgboost import LearningRate

    for text in ("linear(3)", "exponential(1e-5)"):
        with pytest.warns(UserWarning, match=r"from round \d+ on, and these rounds change nothing") as caught:
            model, _, heard = boost_xgboost(xgboost, [LearningRate(0.3, text)])
        assert len(heard) == ROUNDS == model.num_boosted_rounds() and heard[-1] == heard[-2]
        assert len(caught) == 1 and caught[0].filename == __file__


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


def boost_labels(lightgbm, ours, metric, rounds=12):
    used, heard = [], {}
    train = lightgbm.Dataset(*labels())

    class Used:
        before_iteration, order = True, 20

        def __call__(self, env):
            used.append(ours.scheduler.lr)

    lightgbm.train(
        {"objective": "binary", "metric": metric, "num_leaves": 4, "verbose": -1, "num_threads": 1}, train, rounds,
        valid_sets=[lightgbm.Dataset(*labels(1), reference=train)],
        callbacks=[*ours.callbacks, Used(), lightgbm.record_evaluation(heard)],
    )  # fmt: skip
    return used, heard["valid_0"][metric]


@pytest.mark.parametrize("metric, mode", [("auc", "max"), ("average_precision", "max"), ("binary_logloss", "min")])
def test_lightgbm_tells_which_way_is_better(lightgbm, metric, mode):
    from stepsize.lightgbm import LearningRate

    text = "plateau(patience=0, factor=0.8, threshold=0)"
    used, heard = boost_labels(lightgbm, LearningRate(0.3, text), metric)
    assert used == reference(heard, f"{text[:-1]}, mode={mode})")
    other = {"min": "max", "max": "min"}[mode]
    used, heard = boost_labels(lightgbm, LearningRate(0.3, text, mode=other), metric)
    assert used == reference(heard, f"{text[:-1]}, mode={other})")
    if mode == "max":  # a scheduler that is given is not made anew
        with pytest.raises(st.StepsizeError, match="a larger value is better, .* make it plateau"):
            boost_labels(lightgbm, LearningRate.resume(st.Scheduler(0.3, text)), metric)


def test_lightgbm_begins_anew_with_another_training(lightgbm):
    from stepsize.lightgbm import LearningRate

    ours = LearningRate(0.3, TEXT)
    first = boost_lightgbm(lightgbm, ours.callbacks)[1]
    assert boost_lightgbm(lightgbm, ours.callbacks)[1] == first
    scores = lightgbm.cv(
        {"objective": "l2", "verbose": -1, "num_threads": 1, "num_leaves": 4}, lightgbm.Dataset(*data()), 8, nfold=3,
        stratified=False, callbacks=ours.callbacks,
    )  # fmt: skip
    assert ours.scheduler.lr == reference([*scores["valid l2-mean"], None])[-1]
    model = lightgbm.LGBMRegressor(n_estimators=ROUNDS, num_leaves=4, n_jobs=1, verbose=-1)
    for _ in range(2):
        model.fit(*data(), eval_set=[data(1)], callbacks=ours.callbacks)
        assert ours.scheduler.lr == reference([*model.evals_result_["valid_0"]["l2"], None])[-1]


def test_lightgbm_goes_on_from_the_best_model(lightgbm, tmp_path):
    from stepsize.lightgbm import LearningRate

    ours, text = LearningRate(0.9, TEXT), TEXT
    model, _, heard = boost_lightgbm(lightgbm, [*ours.callbacks, lightgbm.early_stopping(2, verbose=False)], 60)
    kept = model.best_iteration
    assert kept < len(heard) < 60 and ours.scheduler.current_step == len(heard)
    model.save_model(tmp_path / "best.txt")  # LightGBM writes the best rounds alone
    with pytest.raises(st.StepsizeError, match=rf"pass rate.scheduler_after\({kept}\)"):
        boost_lightgbm(lightgbm, LearningRate.resume(ours.scheduler).callbacks, 3, str(tmp_path / "best.txt"))
    resumed = LearningRate.resume(ours.scheduler_after(kept))
    _, _, more = boost_lightgbm(lightgbm, resumed.callbacks, 3, str(tmp_path / "best.txt"))
    assert resumed.scheduler.lr == reference([*heard[:kept], *more, None], text, 0.9)[-1]
    with pytest.raises(st.StepsizeError, match=f"rounds = 99, expected an integer from {kept} to {kept + 3}"):
        resumed.scheduler_after(99)


def test_lightgbm_gets_no_rate_that_it_refuses(lightgbm):
    from stepsize.lightgbm import LearningRate

    for text in ("linear(3)", "exponential(1e-300)"):
        with pytest.warns(UserWarning, match=r"from round \d+ on, and these rounds change nothing") as caught:
            _, rates, heard = boost_lightgbm(lightgbm, LearningRate(0.3, text).callbacks)
        assert len(heard) == ROUNDS == len(rates) and heard[-1] == heard[-2]
        assert len(caught) == 1 and caught[0].filename == __file__


def test_the_example_runs(xgboost, lightgbm):
    assert len(run(EXAMPLES / "boosting_greedy.py").splitlines()) == 4
