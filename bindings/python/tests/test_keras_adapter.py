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
from stepsize.keras import LearningRate, Schedule, find  # noqa: E402

TEXT = "greedy(patience=0, factor=0.8, cooldown=0) * linear(40)"


class Seen(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.rates, self.losses = [], []

    def on_train_batch_begin(self, batch, logs=None):
        self.rates.append(float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)))

    def on_train_batch_end(self, batch, logs=None):
        self.losses.append(logs["loss"])


def make_model(rate, metrics=(), **options):
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [keras.layers.Input((3,)), keras.layers.Dense(4, activation="tanh"), keras.layers.Dense(1)]
    )
    options.setdefault("optimizer", keras.optimizers.Adam(rate))
    model.compile(loss="mse", metrics=list(metrics), **options)
    return model


def fit(model, callbacks, epochs=4, **options):
    random = np.random.default_rng(0)
    inputs = random.normal(size=(40, 3)).astype("float32")
    targets = inputs.sum(1, keepdims=True) + random.normal(size=(40, 1)).astype("float32")
    seen = Seen()
    history = model.fit(
        inputs, targets, batch_size=8, epochs=epochs, shuffle=False, verbose=0, callbacks=[*callbacks, seen],
        **{"validation_data": (inputs, targets), **options},
    )  # fmt: skip
    return seen, history.history


def rates32(rates):
    return [float(np.float32(rate)) for rate in rates]


def place_of(caught, words):
    """The file that the only warning with these words is about."""
    (found,) = {each.filename for each in caught if words in str(each.message)}
    return found


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


def test_checkpoints_go_both_ways(tmp_path):
    """Keras counts the updates in the optimizer, whoever makes rates of them."""
    own = keras.optimizers.schedules.CosineDecay(0.1, 20, alpha=0.1)
    ours = Schedule(st.peers.keras.CosineDecay(0.1, 20, alpha=0.1), 1.0)
    whole, _ = fit(make_model(own), [])
    for first, second in ((own, ours), (ours, own)):
        model = make_model(first)
        before, _ = fit(model, [], 2)
        model.save(tmp_path / "model.keras")
        model = keras.saving.load_model(tmp_path / "model.keras")
        model.optimizer.learning_rate = second
        after, _ = fit(model, [], 2)
        assert before.rates + after.rates == pytest.approx(whole.rates, rel=1e-6)


def test_a_callback_goes_on_from_a_checkpoint_of_keras_own(tmp_path):
    by_epoch = keras.callbacks.LearningRateScheduler(lambda epoch: 0.1 * 0.5**epoch)
    whole, _ = fit(make_model(0.1), [by_epoch])
    model = make_model(0.1)
    before, _ = fit(model, [by_epoch], 2)
    model.save(tmp_path / "model.keras")
    model = keras.saving.load_model(tmp_path / "model.keras")
    after, _ = fit(model, [LearningRate(0.1, "exponential(0.5)", every="epoch")], 4, initial_epoch=2)
    assert before.rates + after.rates == pytest.approx(whole.rates, rel=1e-6)


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


@pytest.mark.parametrize("every, metric", [("batch", "loss"), ("epoch", "val_loss"), ("batch", "val_loss")])
def test_the_state_is_complete(every, metric):
    """Between any two epochs, with a fresh model whose optimizer has counted nothing."""
    make = lambda: LearningRate(0.1, TEXT, every=every, metric=metric)  # noqa: E731
    model, callback = make_model(0.1), make()
    before, _ = fit(model, [callback], 2)
    resumed = make()
    resumed.load_state_dict(callback.state_dict())
    assert resumed.state_dict() == callback.state_dict()
    fresh = make_model(0.1)
    fresh.set_weights(model.get_weights())
    after, _ = fit(fresh, [resumed], 1)
    step = 2 if every == "epoch" else 10
    assert resumed.scheduler.current_step == step + (1 if every == "epoch" else 5)
    assert after.rates[0] == np.float32(callback.scheduler.lr) and before.rates[-1] != after.rates[0]


def test_a_schedule_takes_no_longer_where_it_is_longer():
    import time

    def seconds(schedule):
        step = keras.Variable(3, dtype="int32", trainable=False)
        times = []
        for _ in range(20):
            start = time.perf_counter()
            keras.ops.convert_to_numpy(schedule(step))
            times.append(time.perf_counter() - start)
        return min(times)

    if keras.backend.backend() == "jax":
        pytest.skip("compiled programs have a table")
    assert seconds(Schedule("linear(10000000000)")) < 5 * seconds(Schedule("linear(10)"))


def test_a_schedule_without_an_end_and_one_that_is_long():
    for text in ("inverse_sqrt(100)", "linear(10000000000)", "warmup(3) >> constant()"):
        seen, _ = fit(make_model(Schedule(text, 0.1)), [], 2)
        assert seen.rates == rates32(st.parse(text).curve(10, base_lr=0.1))
        model = make_model(Schedule(text, 0.1))
        fit(model, [], 1)
        model.optimizer.iterations.assign(2**21)
        assert fit(model, [], 1)[0].rates == rates32(st.parse(text).curve(5, 2**21, base_lr=0.1))


# ---- Whatever `fit` does with batches and epochs ----


def test_updates_are_counted_by_the_optimizer():
    optimizer = keras.optimizers.Adam(0.1, gradient_accumulation_steps=4)
    callback = LearningRate(0.1, "greedy(patience=0, factor=0.5) * linear(8)")
    seen, _ = fit(make_model(0.1, optimizer=optimizer), [callback])  # 20 batches
    assert callback.scheduler.current_step == 5
    reference = st.Scheduler(0.1, "greedy(patience=0, factor=0.5) * linear(8)")
    expected = [reference.lr] + [reference.step(loss) for loss in seen.losses[3::4]]
    assert seen.rates == rates32(rate for rate in expected for _ in range(4))[:20]


def test_an_update_that_is_skipped_does_not_count():
    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(0.1), initial_scale=3e38)
    callback = LearningRate(0.1, "linear(40)")
    model = make_model(0.1, optimizer=optimizer)
    seen, _ = fit(model, [callback])
    updates = int(keras.ops.convert_to_numpy(model.optimizer.iterations))
    assert 0 < updates == callback.scheduler.current_step < 20
    assert seen.rates[:2] == rates32([0.1, 0.1])


def test_several_updates_between_two_calls():
    if keras.backend.backend() == "torch":
        pytest.skip("Keras has no steps_per_execution there")
    callback = LearningRate(0.1, "linear(40)")
    with pytest.warns(UserWarning, match="Keras makes 5 updates before a callback is called") as caught:
        fit(make_model(0.1, steps_per_execution=5), [callback], 2)
    assert callback.scheduler.current_step == 10 and place_of(caught, "Keras makes 5") == __file__


@pytest.mark.parametrize("every", ["batch", "epoch"])
def test_a_fit_that_starts_again_goes_on_where_it_was(every, tmp_path):
    """As Keras's own LearningRateScheduler, by the number of the epoch; and as its schedules, by the updates."""
    whole, _ = fit(make_model(0.1), [LearningRate(0.1, "linear(30)", every=every)], 6)
    curve = st.parse("linear(30)").curve(30, base_lr=0.1)
    assert whole.rates == rates32(curve if every == "batch" else [curve[t // 5] for t in range(30)])

    model = make_model(0.1)
    first, _ = fit(model, [LearningRate(0.1, "linear(30)", every=every)], 4)
    second, _ = fit(model, [LearningRate(0.1, "linear(30)", every=every)], 6, initial_epoch=4)
    assert first.rates + second.rates == whole.rates

    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 3:
                raise KeyboardInterrupt

    for order in (1, -1):
        folder = str(tmp_path / f"{every}{order}")
        seen = []
        for stop in ([Stop()], []):
            model = make_model(0.1)
            backup = keras.callbacks.BackupAndRestore(folder)
            each = Seen()
            seen.append(each)
            try:
                fit(model, [*[backup, LearningRate(0.1, "linear(30)", every=every)][::order], each, *stop], 6)
            except KeyboardInterrupt:
                pass
        assert seen[0].rates + seen[1].rates == whole.rates


@pytest.mark.parametrize("order", ["again", "initial_epoch", "another"])
def test_another_fit_with_the_same_callback(order):
    """What a plateau knows begins anew, and the rate that it has reached stays, as in Keras's own."""
    rates = []
    for make in (
        lambda: keras.callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=1, min_delta=10.0),
        lambda: LearningRate(0.1, "plateau(counting=keras, factor=0.5, patience=1, threshold=10)", every="epoch"),
    ):
        model, callback = make_model(0.1), make()
        first, _ = fit(model, [callback], 4)
        if order == "another":
            model = make_model(0.1)
        second, _ = fit(model, [callback], 8 if order == "initial_epoch" else 4,
                        initial_epoch=4 if order == "initial_epoch" else 0)  # fmt: skip
        rates.append((first.rates, second.rates))
    theirs, ours = rates
    assert ours[0] == pytest.approx(theirs[0]) and len(set(ours[0])) > 2
    if order == "initial_epoch":  # it continues, where Keras's forgets the best loss
        whole, _ = fit(make_model(0.1), [make()], 8)
        assert ours[0] + ours[1] == whole.rates
    else:
        assert ours[1] == pytest.approx(theirs[1])
    assert (ours[1][0] == ours[0][0]) == (order == "another")


# ---- Shares of fit's total ----

SHARES = "warmup(10%) >> cosine(90%)"


@pytest.mark.parametrize("every", ["batch", "epoch"])
def test_shares_of_the_total(every):
    callback = LearningRate(0.1, SHARES, every=every)
    with pytest.raises(st.StepsizeError, match="total: the schedule has shares of it"):
        callback.scheduler  # noqa: B018
    seen, _ = fit(make_model(0.1), [callback], 4)
    total = 20 if every == "batch" else 4
    curve = st.parse(SHARES, total=total).curve(total, base_lr=0.1)
    assert seen.rates == rates32(curve if every == "batch" else [curve[t // 5] for t in range(20)])
    # Another model, for which `fit` knows another total, and the same one again, which has had its total.
    model = make_model(0.1)
    again, _ = fit(model, [callback], 8)
    assert callback.scheduler.schedule == st.parse(SHARES, total=2 * total)
    assert again.rates[0] == np.float32(0.1 * callback.scheduler.schedule.at(0))
    fit(model, [callback], 2)
    assert callback.scheduler.schedule == st.parse(SHARES, total=2 * total)


def test_shares_of_the_optimizers_updates():
    model = make_model(0.1, optimizer=keras.optimizers.SGD(0.1, gradient_accumulation_steps=5))
    callback = LearningRate(0.1, SHARES)
    fit(model, [callback], 10)
    assert callback.scheduler.schedule == st.parse(SHARES, total=10) and callback.scheduler.finished
    # A callback that comes later has the updates that are left.
    later = LearningRate(0.1, SHARES)
    fit(model, [later], 10)
    assert later.scheduler.schedule == st.parse(SHARES, total=20) and later.scheduler.finished


def test_the_total_that_is_given_counts():
    callback = LearningRate(0.1, SHARES, total=100)
    assert callback.scheduler.schedule == st.parse(SHARES, total=100)
    fit(make_model(0.1), [callback], 2)
    assert callback.scheduler.schedule == st.parse(SHARES, total=100)


@pytest.mark.parametrize("every", ["batch", "epoch"])
def test_shares_of_the_total_saved_and_resumed(every):
    def make():
        return LearningRate(0.1, f"greedy(patience=0, factor=0.8, cooldown=0) * ({SHARES})", every=every)

    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = epoch == 1

    whole, _ = fit(make_model(0.1), [make()], 4)
    model, callback = make_model(0.1), make()
    first, _ = fit(model, [callback, Stop()], 4)
    resumed = make()
    resumed.load_state_dict(callback.state_dict())
    assert resumed.state_dict() == callback.state_dict()
    second, _ = fit(model, [resumed], 4, initial_epoch=2)
    assert first.rates + second.rates == whole.rates and len(set(whole.rates)) > 3


def test_shares_of_a_total_that_fit_does_not_know():
    def batches():
        while True:
            yield np.zeros((8, 3), "float32"), np.zeros((8, 1), "float32")

    callback = LearningRate(0.1, SHARES)
    with pytest.raises(st.StepsizeError, match="give it, or steps_per_epoch to fit"):
        callback.set_model(make_model(0.1)), callback.set_params({"epochs": 2, "steps": None, "verbose": 0})
        callback.on_train_begin(), callback.on_epoch_begin(0)
    make_model(0.1).fit(batches(), steps_per_epoch=5, epochs=2, verbose=0, callbacks=[callback])
    assert callback.scheduler.schedule == st.parse(SHARES, total=10)
    with pytest.raises(st.StepsizeError, match="lineer"):
        LearningRate(0.1, "lineer(10%)")


# ---- What a controller observes ----


def test_a_metric_of_an_epoch_with_a_schedule_of_updates():
    text = "plateau(patience=0, factor=0.5, threshold=10, threshold_mode=abs) * (warmup(6) >> constant())"
    callback = LearningRate(0.1, text, metric="val_loss")
    seen, history = fit(make_model(0.1), [callback])
    reference, expected = st.Scheduler(0.1, text), []
    for update in range(20):
        expected.append(reference.lr)
        known = update and update % 5 == 0
        reference.step(history["val_loss"][update // 5 - 1]) if known else reference.advance()
    assert seen.rates == rates32(expected) and seen.rates[-1] < 0.1


@pytest.mark.parametrize("metric, better", [("val_r2_score", "max"), ("r2_score", "max"), ("val_mae", "min")])
def test_keras_tells_which_way_is_better(metric, better):
    metrics = [keras.metrics.R2Score(), "mae"]
    text = "plateau(patience=0)"
    for mode, used in ((None, better), ("max", "max")):
        callback = LearningRate(0.1, text, every="epoch", metric=metric, mode=mode)
        fit(make_model(0.1, metrics), [callback], 3)
        assert callback.scheduler.controller.mode == used


def test_it_asks_where_keras_does_not_know():
    def mine(targets, predictions):
        return keras.ops.mean(predictions)

    with pytest.raises(st.StepsizeError, match="metric = 'mine': it cannot be known .* pass mode='min' or mode='max'"):
        fit(make_model(0.1, [mine]), [LearningRate(0.1, TEXT, metric="mine")])
    fit(make_model(0.1, [mine]), [LearningRate(0.1, TEXT, metric="mine", mode="max")], 1)


@pytest.mark.parametrize("every", ["batch", "epoch"])
def test_a_controller_that_observes_nothing_says_so(every):
    callback = LearningRate(0.1, TEXT, every=every, metric="val_loss")
    with pytest.warns(UserWarning, match="observed nothing at the end of epoch 0: .*pass validation_data") as caught:
        fit(make_model(0.1), [callback], 1, validation_data=None)
    assert place_of(caught, "observed nothing") == __file__
    with pytest.warns(UserWarning, match="observed nothing at the end of epoch 0"):  # and continues with the next one
        _, history = fit(make_model(0.1), [LearningRate(0.1, TEXT, every=every, metric="val_loss")], 4,
                         validation_freq=2)  # fmt: skip
    assert len(history["val_loss"]) == 2


def test_a_controller_that_begins_late_says_so():
    model = make_model(0.1)
    fit(model, [], 1)
    with pytest.warns(UserWarning, match="begins at batch 5 without the state of the updates before: load_state_dict"):
        fit(model, [LearningRate(0.1, TEXT)], 1)


def test_the_example_runs():
    assert run(EXAMPLES / "keras_greedy.py").startswith("loss ")


def test_wrong_use():
    with pytest.raises(st.StepsizeError, match="length = 0, expected an integer >= 1"):
        Schedule("constant()", length=0)
    with pytest.raises(st.StepsizeError, match="every = 'step', expected 'batch' or 'epoch'"):
        LearningRate(0.1, every="step")
    with pytest.raises(st.StepsizeError, match="compile the model with a number"):
        fit(make_model(Schedule("linear(20)", 0.1)), [LearningRate(0.1, TEXT)])
    with pytest.raises(st.StepsizeError, match="metric = 'f1', expected one of 'loss'"):
        fit(make_model(0.1), [LearningRate(0.1, TEXT, metric="f1")])


# ---- The finder ----


def finder_model(rate):
    keras.utils.set_random_seed(1)
    layers = [keras.layers.Input((3,)), keras.layers.Dense(8, activation="tanh"), keras.layers.BatchNormalization()]
    model = keras.Sequential([*layers, keras.layers.Dropout(0.2), keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.Adam(rate), loss="mse", metrics=["mae"])
    return model


def finder_batches():
    random = np.random.default_rng(0)
    inputs = random.normal(size=(64, 3)).astype("float32")
    return [(inputs[i : i + 16], inputs[i : i + 16].sum(1, keepdims=True)) for i in range(0, 64, 16)]


def variables(model):
    optimizer = model.optimizer.variables if model.optimizer.built else []
    return [np.array(keras.ops.convert_to_numpy(each.value)) for each in (*model.variables, *optimizer)]


@pytest.mark.parametrize("has_trained", [False, True])
def test_find(has_trained):
    model, batches = finder_model(0.01), finder_batches()
    if has_trained:
        for batch in batches:
            model.train_on_batch(*batch)
    else:
        model.optimizer.build(model.trainable_variables)
    before = variables(model)
    finder = find(model, batches, start=1e-4, count=30, divergence=float("inf"))
    after = variables(model)
    assert len(finder) == 30 and len(before) == len(after)
    assert all(np.array_equal(a, b) for a, b in zip(before, after))
    again = find(model, batches, start=1e-4, count=30, divergence=float("inf"))
    assert list(again.losses) == pytest.approx(list(finder.losses))
    # The losses are those of the batches, not means over the test.
    first = float(model.evaluate(*batches[0], verbose=0)[0])
    assert finder.losses[0] != finder.losses[4] and first > 0


def test_find_with_a_schedule():
    schedule = Schedule("linear(100)", 0.5)
    model, batches = finder_model(schedule), finder_batches()
    find(model, batches, count=12)
    assert model.optimizer._learning_rate is schedule
    model.train_on_batch(*batches[0])
    assert float(keras.ops.convert_to_numpy(model.optimizer.learning_rate)) == pytest.approx(0.5 * 0.99)


def test_find_after_an_error():
    model = finder_model(0.01)
    model.optimizer.build(model.trainable_variables)
    before = variables(model)
    with pytest.raises(st.StepsizeError, match="the data has no batch left"):
        find(model, iter(finder_batches()))
    assert all(np.array_equal(a, b) for a, b in zip(before, variables(model)))
