"""stepsize.sklearn in real loops of partial_fit, saved and resumed."""

import pickle

import pytest
import stepsize as st
from frameworks import EXAMPLES, run

pytestmark = pytest.mark.framework
np = pytest.importorskip("numpy")
pytest.importorskip("sklearn")
from sklearn.linear_model import SGDClassifier, SGDRegressor  # noqa: E402
from sklearn.metrics import log_loss  # noqa: E402
from sklearn.neural_network import MLPClassifier  # noqa: E402
from stepsize.sklearn import partial_fit  # noqa: E402

TEXT = "greedy(patience=0, factor=0.7, cooldown=0) * linear(60)"
random = np.random.default_rng(0)
INPUTS = random.normal(size=(400, 6))
LABELS = (INPUTS @ random.normal(size=6) + 0.5 * random.normal(size=400) > 0).astype(int)


def batch(i):
    rows = slice(20 * (i % 20), 20 * (i % 20) + 20)
    return INPUTS[rows], LABELS[rows]


def train(model, scheduler, first, last):
    """The rates, and the losses that the scheduler was shown."""
    rates, losses = [], []

    def loss():
        losses.append(log_loss(LABELS, model.predict_proba(INPUTS)))
        return losses[-1]

    for i in range(first, last):
        rates.append(scheduler.lr)
        partial_fit(model, scheduler, *batch(i), classes=[0, 1], loss=loss)
    return rates, losses


def replayed(losses):
    scheduler = st.Scheduler(0.3, TEXT)
    return [scheduler.lr] + [scheduler.step(loss) for loss in losses[:-1]]


@pytest.mark.parametrize(
    "make",
    [
        lambda: SGDClassifier(loss="log_loss", learning_rate="constant", eta0=1.0, shuffle=False),
        lambda: MLPClassifier((4,), solver="sgd", random_state=0, shuffle=False),
        lambda: MLPClassifier((4,), solver="adam", random_state=0, shuffle=False),
    ],
    ids=["SGDClassifier", "MLP sgd", "MLP adam"],
)
def test_interrupted_and_resumed(make):
    rates, losses = train(make(), st.Scheduler(0.3, TEXT), 0, 30)
    assert rates == replayed(losses)
    assert rates != list(st.parse("linear(60)").curve(30, base_lr=0.3)), "the controller did nothing"
    part, half = make(), st.Scheduler(0.3, TEXT)
    before, heard = train(part, half, 0, 11)
    part, half = pickle.loads(pickle.dumps((part, half)))
    after, later = train(part, half, 11, 30)
    assert before + after == replayed(heard + later)


def test_the_rate_is_the_one_that_is_used():
    """One row at a time is scikit-learn's own way to step: eta0 / t ** power_t is our table."""
    own = SGDRegressor(learning_rate="invscaling", eta0=0.1, power_t=0.5, shuffle=False, alpha=0.0)
    ours = SGDRegressor(learning_rate="constant", eta0=1.0, shuffle=False, alpha=0.0)
    scheduler = st.Scheduler(0.1, st.Table([(t + 1) ** -0.5 for t in range(50)]))
    for i in range(50):
        own.partial_fit(INPUTS[i : i + 1], LABELS[i : i + 1])
        partial_fit(ours, scheduler, INPUTS[i : i + 1], LABELS[i : i + 1])
    assert ours.coef_ == pytest.approx(own.coef_, rel=1e-10)


def test_the_optimizer_of_a_network_gets_the_rate():
    model = MLPClassifier((4,), solver="sgd", momentum=0.0, random_state=0)
    partial_fit(model, st.Scheduler(0.1), *batch(0), classes=[0, 1])
    before = [each.copy() for each in model.coefs_]
    partial_fit(model, st.Scheduler(1e-30), *batch(1))
    assert all(np.array_equal(old, new) for old, new in zip(before, model.coefs_))


@pytest.mark.parametrize("make", [
    lambda: SGDClassifier(loss="log_loss", learning_rate="constant", eta0=1.0),
    lambda: MLPClassifier((4,), solver="sgd", momentum=0.0, random_state=0),
], ids=["SGDClassifier", "MLP"])  # fmt: skip
def test_a_schedule_that_is_shorter_than_the_training(make):
    model, scheduler = make(), st.Scheduler(0.3, "linear(3)")
    train(model, scheduler, 0, 3)
    before = [np.copy(each) for each in model.__dict__.get("coefs_", [getattr(model, "coef_", None)])]
    with pytest.warns(UserWarning, match=r"the rate of update 3 is 0.0, an error in scikit-learn") as caught:
        partial_fit(model, scheduler, *batch(3))
    after = model.__dict__.get("coefs_", [getattr(model, "coef_", None)])
    assert all(np.array_equal(old, new) for old, new in zip(before, after)) and scheduler.current_step == 4
    assert caught[0].filename == __file__


def test_wrong_use():
    with pytest.raises(st.StepsizeError, match='make it with learning_rate="constant"'):
        partial_fit(SGDClassifier(), st.Scheduler(0.1), *batch(0))
    with pytest.raises(st.StepsizeError, match="needs a loss, and the model has none"):
        model = SGDClassifier(learning_rate="constant", eta0=0.1)
        partial_fit(model, st.Scheduler(0.1, "greedy()"), *batch(0), classes=[0, 1])


def test_the_example_runs():
    assert float(run(EXAMPLES / "sklearn_greedy.py").split()[-1]) > 0.9
