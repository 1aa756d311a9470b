"""stepsize.keras in real trainings, with the backend that is there."""

import os
import sys
from importlib.util import find_spec

import pytest
import stepsize as st
from frameworks import EXAMPLES, run

pytestmark = pytest.mark.framework
np = pytest.importorskip("numpy")
if find_spec("keras") is None:
    pytest.skip("keras is not installed", allow_module_level=True)
if "KERAS_BACKEND" not in os.environ and "keras" not in sys.modules:
    backends = [name for name in ("torch", "jax", "tensorflow") if find_spec(name)]
    if not backends:
        pytest.skip("keras needs torch, jax or tensorflow", allow_module_level=True)
    os.environ["KERAS_BACKEND"] = backends[0]
import keras  # noqa: E402
from stepsize.keras import LearningRate, Schedule  # noqa: E402

TEXT = "greedy(patience=0, factor=0.8, cooldown=0) * linear(40)"


class Seen(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.rates, self.losses = [], []

    def on_train_batch_begin(self, batch, logs=None):
        self.rates.append(float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)))

    def on_train_batch_end(self, batch, logs=None):
        self.losses.append(logs["loss"])


def make_model(rate):
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [keras.layers.Input((3,)), keras.layers.Dense(4, activation="tanh"), keras.layers.Dense(1)]
    )
    model.compile(keras.optimizers.Adam(rate), loss="mse")
    return model


def fit(model, callbacks, epochs=4):
    random = np.random.default_rng(0)
    inputs = random.normal(size=(40, 3)).astype("float32")
    targets = inputs.sum(1, keepdims=True) + random.normal(size=(40, 1)).astype("float32")
    seen = Seen()
    history = model.fit(
        inputs, targets, batch_size=8, epochs=epochs, shuffle=False, verbose=0, callbacks=[*callbacks, seen],
        validation_data=(inputs, targets),
    )  # fmt: skip
    return seen, history.history


def rates32(rates):
    return [float(np.float32(rate)) for rate in rates]


def test_a_schedule_saved_and_resumed_with_the_model(tmp_path):
    text = "warmup(3) >> cosine(17, floor=0.1)"
    whole, _ = fit(make_model(Schedule(text, 0.1)), [])
    assert whole.rates == rates32(st.parse(text).curve(20, base_lr=0.1))
    model = make_model(Schedule(text, 0.1))
    first, _ = fit(model, [], 2)
    model.save(tmp_path / "model.keras")
    second, _ = fit(keras.saving.load_model(tmp_path / "model.keras"), [], 2)
    assert first.rates + second.rates == whole.rates


def test_the_rates_equal_those_of_keras_own_schedule():
    own = keras.optimizers.schedules.PolynomialDecay(0.1, 20, end_learning_rate=0.0)
    one, other = fit(make_model(own), [])[0], fit(make_model(Schedule("linear(20)", 0.1)), [])[0]
    assert one.rates == pytest.approx(other.rates, rel=1e-6)  # theirs is worked out in single precision


@pytest.mark.parametrize("every, metric", [("batch", "loss"), ("epoch", "val_loss")])
def test_a_controller_saved_and_resumed(tmp_path, every, metric):
    def replayed(losses, by_epoch):
        heard = losses if every == "batch" else by_epoch
        reference = st.Scheduler(0.1, TEXT)
        rates = [reference.lr] + [reference.step(loss) for loss in heard[:-1]]
        return rates32(rate for rate in rates for _ in range(1 if every == "batch" else 5))

    make = lambda: LearningRate(0.1, TEXT, every=every, metric=metric)  # noqa: E731
    whole, history = fit(make_model(0.1), [make()])
    assert whole.rates == replayed(whole.losses, history["val_loss"])

    model, callback = make_model(0.1), make()
    first, before = fit(model, [callback], 2)
    model.save(tmp_path / "model.keras")
    resumed = make()
    resumed.load_state_dict(callback.state_dict())
    second, after = fit(keras.saving.load_model(tmp_path / "model.keras"), [resumed], 2)
    expected = replayed(first.losses + second.losses, before["val_loss"] + after["val_loss"])
    assert first.rates + second.rates == expected


def test_the_example_runs():
    assert run(EXAMPLES / "keras_greedy.py").startswith("loss ")


def test_wrong_use():
    with pytest.raises(st.StepsizeError, match="length: .*has no end"):
        Schedule("constant()")
    with pytest.raises(st.StepsizeError, match="every = 'step', expected 'batch' or 'epoch'"):
        LearningRate(0.1, every="step")
    with pytest.raises(st.StepsizeError, match="compile the model with a number"):
        fit(make_model(Schedule("linear(20)", 0.1)), [LearningRate(0.1, TEXT)])
    with pytest.raises(st.StepsizeError, match="metric = 'f1', expected one of 'loss'"):
        fit(make_model(0.1), [LearningRate(0.1, TEXT, metric="f1")])
