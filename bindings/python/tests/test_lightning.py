"""stepsize.lightning in real runs, interrupted and resumed."""

import warnings

import pytest
import stepsize as st
from frameworks import EXAMPLES, run

pytestmark = pytest.mark.framework
torch = pytest.importorskip("torch")
lightning = pytest.importorskip("lightning", reason="lightning is not installed")
from stepsize.lightning import LossCallback, configure, configure_optimizers, find  # noqa: E402

TEXT = "greedy(patience=0, factor=0.8, cooldown=0) * (warmup(2) >> linear(18))"


class Model(lightning.LightningModule):
    def __init__(self, make):
        super().__init__()
        self.layer, self.make = torch.nn.Linear(3, 1), make
        self.rates, self.losses, self.validated = [], [], []

    def training_step(self, batch, index):
        loss = ((self.layer(batch[0]) - batch[1]) ** 2).mean()
        self.losses.append(loss.item())
        return loss

    def validation_step(self, batch, index):
        self.log("val_loss", ((self.layer(batch[0]) - batch[1]) ** 2).mean())

    def on_validation_end(self):
        self.validated.append((self.trainer.global_step, self.trainer.callback_metrics["val_loss"].item()))

    def on_before_optimizer_step(self, optimizer):
        self.rates.append(optimizer.param_groups[0]["lr"])

    def configure_optimizers(self):
        return self.make(torch.optim.Adam(self.parameters(), lr=0.1))


def train(folder, updates, text=TEXT, callback=None, resume=None, make=None, accumulate=1):
    torch.manual_seed(0)
    inputs = torch.randn(40 * accumulate, 3, generator=torch.Generator().manual_seed(3))
    targets = inputs.sum(1, keepdim=True) + torch.randn(len(inputs), 1, generator=torch.Generator().manual_seed(4))
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(inputs, targets), batch_size=8)
    model = Model(make or (lambda optimizer: configure(optimizer, text)))
    trainer = lightning.Trainer(
        accelerator="cpu", devices=1, max_steps=updates, max_epochs=-1, logger=False, enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False, default_root_dir=folder, num_sanity_val_steps=0,
        callbacks=[callback] if callback else [], accumulate_grad_batches=accumulate,
    )  # fmt: skip
    trainer.fit(model, loader, loader, ckpt_path=resume)
    return model, trainer


def replayed(runs, metric, accumulate):
    """The rates of a scheduler that is shown what the callback observes in one run after the other: the loss of an
    update, the mean over its batches; or, at the first step after it, what a validation has logged."""
    validated = {step: value for each in runs for step, value in each.validated}
    losses = [loss for each in runs for loss in each.losses]
    scheduler, rates = st.Scheduler(0.1, TEXT), []
    for update in range(sum(len(each.rates) for each in runs)):
        rates.append(scheduler.lr)
        part = losses[update * accumulate : (update + 1) * accumulate]
        heard = sum(part) / accumulate if metric is None else validated.get(update)
        scheduler.advance() if heard is None else scheduler.step(heard)
    return rates


@pytest.mark.parametrize("metric, accumulate", [(None, 1), ("val_loss", 1), (None, 2)])
def test_what_the_controller_hears(tmp_path, metric, accumulate):
    """Interrupted and resumed, too."""
    whole, trainer = train(tmp_path, 15, callback=LossCallback(metric), accumulate=accumulate)
    assert trainer.lr_scheduler_configs[0].scheduler.current_step == 15 == len(whole.rates)
    assert whole.rates == replayed([whole], metric, accumulate)
    alone = st.Scheduler(0.1, TEXT.split(" * ")[1])
    assert whole.rates != [alone.lr] + [alone.step() for _ in range(14)], "the controller did nothing"
    for stop in (5, 10):
        first, trainer = train(tmp_path, stop, callback=LossCallback(metric), accumulate=accumulate)
        trainer.save_checkpoint(tmp_path / "stopped.ckpt")
        second, _ = train(
            tmp_path, 15, callback=LossCallback(metric), resume=tmp_path / "stopped.ckpt", accumulate=accumulate
        )
        assert first.rates + second.rates == replayed([first, second], metric, accumulate)


def test_rates_equal_those_of_the_frameworks_own_scheduler(tmp_path):
    def own(optimizer):
        scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 15)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}

    def ours(optimizer):
        scheduler = st.torch.lr_scheduler.CosineAnnealingLR(optimizer, 15)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}

    one, other = train(tmp_path, 15, make=own)[0], train(tmp_path, 15, make=ours)[0]
    assert len(one.rates) == 15 and one.rates == pytest.approx(other.rates, rel=1e-13, abs=1e-16)


def test_wrong_use(tmp_path):
    with pytest.raises(st.StepsizeError, match=r"pass callbacks=\[LossCallback\(\)\]"):
        train(tmp_path, 3)
    with pytest.raises(st.StepsizeError, match="metric = 'other_loss', expected one of 'val_loss'"):
        train(tmp_path, 6, callback=LossCallback("other_loss"))
    with pytest.raises(st.StepsizeError, match="return stepsize.lightning.configure"):
        train(tmp_path, 3, callback=LossCallback(), make=lambda optimizer: optimizer)


def trainer_of(folder, callbacks=(), **options):
    options = {"max_steps": 8, "max_epochs": -1, "num_sanity_val_steps": 0, **options}
    return lightning.Trainer(
        accelerator="cpu", devices=1, logger=False, enable_checkpointing=False, enable_progress_bar=False,
        enable_model_summary=False, default_root_dir=folder, callbacks=[*callbacks], **options,
    )  # fmt: skip


def loader(rows=40):
    inputs = torch.randn(rows, 3, generator=torch.Generator().manual_seed(3))
    return torch.utils.data.DataLoader(torch.utils.data.TensorDataset(inputs, inputs.sum(1, keepdim=True)), 8)


def made(text=TEXT):
    return Model(lambda optimizer: configure(optimizer, text))


# ---- What the controller observes ----


def test_which_way_is_better(tmp_path):
    """The name of the metric tells, or another callback; else it asks."""
    stopping = lightning.pytorch.callbacks.EarlyStopping

    def fit(metric, text=TEXT, mode=None, others=()):
        trainer_of(tmp_path, [LossCallback(metric, mode=mode), *others]).fit(made(text), loader(), loader())

    with pytest.raises(st.StepsizeError, match=r"'val_acc': a larger value is better, .* make it greedy\(mode=\"max"):
        fit("val_acc")
    with pytest.raises(st.StepsizeError, match="metric = 'score': it cannot be known .* pass mode='min'"):
        fit("score")
    with pytest.raises(st.StepsizeError, match="'score': a larger value is better"):
        fit("score", others=[stopping("score", mode="max")])
    with pytest.raises(st.StepsizeError, match="metric = 'score', expected one of 'val_loss'"):
        fit("score", mode="min")
    fit("val_loss")
    fit("score", "linear(9)")  # nothing observes it


def test_a_metric_that_is_logged_in_training_alone(tmp_path):
    class Logging(Model):
        def training_step(self, batch, index):
            loss = super().training_step(batch, index)
            self.log("train_error", loss, on_step=False, on_epoch=True)
            return loss

    for validation in ((), (loader(),)):
        model = Logging(lambda optimizer: configure(optimizer, TEXT))
        trainer_of(tmp_path, [LossCallback("train_error")], max_steps=15).fit(model, loader(), *validation)
        scheduler, expected = st.Scheduler(0.1, TEXT), []
        for update in range(15):
            expected.append(scheduler.lr)
            told = update and update % 5 == 0
            heard = sum(model.losses[update - 5 : update]) / 5
            scheduler.step(heard) if told else scheduler.advance()
        assert model.rates == pytest.approx(expected, rel=1e-12)


def test_a_metric_that_can_never_come_ends_the_first_epoch(tmp_path):
    for options, validation in (({}, ()), ({"limit_val_batches": 0}, (loader(),))):
        with pytest.raises(st.StepsizeError, match="'val_loss', expected one of none, since nothing is logged"):
            trainer_of(tmp_path, [LossCallback("val_loss")], **options).fit(made(), loader(), *validation)
    model = made()  # but there may be no validation in it
    trainer_of(tmp_path, [LossCallback("val_loss")], check_val_every_n_epoch=2, max_steps=12).fit(
        model, loader(), loader()
    )
    scheduler = st.Scheduler(0.1, TEXT)
    for _ in range(10):
        scheduler.advance()
    scheduler.step(model.validated[0][1])
    assert model.rates[11] == scheduler.lr


def test_a_controller_that_observes_nothing_says_so(tmp_path):
    def fit(metric, text=TEXT, **options):
        trainer_of(tmp_path, [LossCallback(metric)], **options).fit(made(text), loader(), loader())

    for options in ({"limit_val_batches": 0, "max_steps": 3}, {"max_steps": 3}):
        with pytest.warns(UserWarning, match="observed no 'val_loss', and has moved no rate") as caught:
            fit("val_loss", **options)
        assert [each.filename for each in caught if "moved no rate" in str(each.message)] == [__file__]
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*moved no rate")
        fit("val_loss")
        fit(None)
        fit("val_loss", "linear(9)", max_steps=3)


# ---- Whatever other callbacks do ----


@pytest.mark.parametrize("metric", [None, "val_loss"])
@pytest.mark.parametrize("to", ["ours", "theirs", "nothing"])
def test_a_scheduler_that_is_replaced(tmp_path, to, metric):
    class Replace(lightning.Callback):
        def on_train_epoch_start(self, trainer, module):
            if trainer.current_epoch != 1:
                return
            optimizer = torch.optim.SGD(module.parameters(), lr=0.2)
            trainer.strategy.optimizers = [optimizer]
            if to == "nothing":
                trainer.strategy.lr_scheduler_configs = []
            elif to == "ours":
                self.scheduler = configure(optimizer, TEXT)["lr_scheduler"]["scheduler"]
                trainer.lr_scheduler_configs[0].scheduler = self.scheduler
            else:
                trainer.lr_scheduler_configs[0].scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)

    replace = Replace()
    model = made()
    trainer = trainer_of(tmp_path, [LossCallback(metric), replace], max_steps=15)
    trainer.fit(model, loader(), loader())
    assert trainer.global_step == 15 == len(model.rates) and model.rates[5] == (0.1 if to == "ours" else 0.2)
    if to == "ours":
        assert replace.scheduler.current_step == 10
        assert replace.scheduler.decision != "none", "it observes, too"


def test_stochastic_weight_averaging(tmp_path):
    averaging = lightning.pytorch.callbacks.StochasticWeightAveraging(0.01, swa_epoch_start=2, annealing_epochs=1)
    trainer = trainer_of(tmp_path, [LossCallback(), averaging], max_epochs=4, max_steps=-1)
    trainer.fit(made(), loader(), loader())
    assert trainer.global_step == 20


# ---- Several optimizers ----


class Pair(lightning.LightningModule):
    """Two optimizers in manual optimization, each with a loss of its own."""

    def __init__(self):
        super().__init__()
        self.automatic_optimization = False
        self.first, self.second = torch.nn.Linear(3, 1), torch.nn.Linear(3, 1)
        self.losses, self.rates = ([], []), ([], [])

    def training_step(self, batch, index):
        for number, layer in enumerate((self.first, self.second)):
            optimizer, scheduler = self.optimizers()[number], self.lr_schedulers()[number]
            loss = ((layer(batch[0]) - batch[1] * (number + 1)) ** 2).mean()
            self.losses[number].append(loss.item())
            self.rates[number].append(optimizer.param_groups[0]["lr"])
            optimizer.zero_grad()
            self.manual_backward(loss)
            optimizer.step()
            scheduler.step()

    def validation_step(self, batch, index):
        for number, layer in enumerate((self.first, self.second)):
            self.log(f"val_loss_{number}", ((layer(batch[0]) - batch[1] * (number + 1)) ** 2).mean())

    def configure_optimizers(self):
        return [
            configure(torch.optim.Adam(self.first.parameters(), lr=0.1), "greedy(patience=0, factor=0.8)"),
            configure(torch.optim.SGD(self.second.parameters(), lr=0.2), "greedy(patience=0, factor=0.7) * linear(20)"),
        ]


def test_each_of_several_optimizers_observes_its_own_loss(tmp_path):
    model = Pair()
    trainer_of(tmp_path, [LossCallback()], max_steps=20).fit(model, loader(), loader())
    for number, (base, text) in enumerate(((0.1, "greedy(patience=0, factor=0.8)"),
                                           (0.2, "greedy(patience=0, factor=0.7) * linear(20)"))):  # fmt: skip
        scheduler = st.Scheduler(base, text)
        expected = [scheduler.lr] + [scheduler.step(loss) for loss in model.losses[number][:-1]]
        assert len(expected) == 10 and model.rates[number] == expected


def test_each_of_several_optimizers_has_its_own_metric(tmp_path):
    model, seen = Pair(), []

    class Seen(lightning.Callback):
        def on_validation_end(self, trainer, module):
            seen.append([trainer.callback_metrics[f"val_loss_{number}"].item() for number in (0, 1)])

    callbacks = [LossCallback(f"val_loss_{number}", optimizer=number) for number in (0, 1)]
    trainer_of(tmp_path, [*callbacks, Seen()], max_steps=30).fit(model, loader(), loader())
    for number, (base, text) in enumerate(((0.1, "greedy(patience=0, factor=0.8)"),
                                           (0.2, "greedy(patience=0, factor=0.7) * linear(20)"))):  # fmt: skip
        scheduler, expected = st.Scheduler(base, text), []
        for update in range(15):
            expected.append(scheduler.lr)
            told = update and update % 5 == 0
            scheduler.step(seen[update // 5 - 1][number]) if told else scheduler.advance()
        assert model.rates[number] == expected and len(set(expected)) > 2
    with pytest.raises(st.StepsizeError, match="optimizer = 2, expected an integer from 0 to 1"):
        trainer_of(tmp_path, [LossCallback(optimizer=2)]).fit(Pair(), loader())


def test_two_optimizers_under_one_scheduler(tmp_path):
    class Both(Pair):
        def __init__(self):
            super().__init__()
            self.automatic_optimization = True

        def configure_optimizers(self):
            self.pair = (torch.optim.SGD(self.first.parameters(), lr=0.1, momentum=0.9),
                         torch.optim.AdamW(self.second.parameters(), lr=0.01))  # fmt: skip
            return configure(st.torch.Joined(*self.pair), "greedy(patience=0, factor=0.8)")

        def training_step(self, batch, index):
            loss = sum(((layer(batch[0]) - batch[1]) ** 2).mean() for layer in (self.first, self.second))
            self.losses[0].append(loss.item())
            self.rates[0].append(tuple(optimizer.param_groups[0]["lr"] for optimizer in self.pair))
            return loss

    def fit(updates, resume=None):
        model, trainer = Both(), trainer_of(tmp_path, [LossCallback()], max_steps=updates)
        trainer.fit(model, loader(), ckpt_path=resume)
        return model, trainer

    model, _ = fit(20)
    scheduler, expected = st.Scheduler([0.1, 0.01], "greedy(patience=0, factor=0.8)"), []
    for loss in model.losses[0]:
        expected.append(scheduler.lrs)
        scheduler.step(loss)
    assert model.rates[0] == expected and model.losses[0][-1] < model.losses[0][0]
    torch.manual_seed(0)
    fit(10)[1].save_checkpoint(tmp_path / "half.ckpt")
    resumed, _ = fit(20, tmp_path / "half.ckpt")
    assert len(resumed.losses[0]) == 10 and len(resumed.pair[1].state) == 2


def test_updates_that_are_skipped_do_not_count(tmp_path):
    class Bad(Model):
        def training_step(self, batch, index):
            loss = super().training_step(batch, index)
            bad = len(self.losses) in (1, 2, 6)
            if bad:
                self.losses.pop()
                self.losses.append(None)
            return loss * float("inf") if bad else loss

    plugin = lightning.pytorch.plugins.MixedPrecision("bf16-mixed", "cpu")
    plugin.scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
    model = Bad(lambda optimizer: configure(optimizer, TEXT))
    trainer = trainer_of(tmp_path, [LossCallback()], max_steps=12, plugins=[plugin])
    trainer.fit(model, loader())
    assert plugin.scaler.get_scale() == 0.5, "three updates were skipped"
    good = [loss for loss in model.losses if loss is not None]
    scheduler = trainer.lr_scheduler_configs[0].scheduler
    reference = st.Scheduler(0.1, TEXT)
    for loss in good:
        reference.step(loss)
    assert scheduler.current_step == 9 == len(good) and scheduler.lr == pytest.approx(reference.lr, rel=1e-6)


# ---- Shares of the trainer's total ----

SHARES = "warmup(10%) >> cosine(90%)"


@pytest.mark.parametrize("options", [{"max_steps": 12}, {"max_steps": -1, "max_epochs": 3},
                                     {"max_steps": -1, "max_epochs": 6, "accumulate_grad_batches": 2}])  # fmt: skip
@pytest.mark.parametrize("callback", [True, False])
def test_shares_of_the_total(tmp_path, options, callback):
    model = Model(lambda optimizer: configure(optimizer, SHARES, module=None if callback else model))
    trainer = trainer_of(tmp_path, [LossCallback()] if callback else [], **options)
    trainer.fit(model, loader())
    total = {12: 12, 3: 15, 6: 18}[max(options["max_steps"], options.get("max_epochs", 0))]
    assert trainer.global_step == total
    schedule = st.parse(SHARES, total=total)
    assert model.rates == list(schedule.curve(total, base_lr=0.1))
    assert trainer.lr_scheduler_configs[0].scheduler.schedule == schedule


def test_the_total_that_is_given_counts(tmp_path):
    model = Model(lambda optimizer: configure(optimizer, SHARES, total=100, module=model))
    trainer_of(tmp_path, [LossCallback()]).fit(model, loader())
    assert model.rates == list(st.parse(SHARES, total=100).curve(8, base_lr=0.1))


def test_shares_of_the_total_saved_and_resumed(tmp_path):
    text = f"greedy(patience=0, factor=0.8, cooldown=0) * ({SHARES})"
    fields = {"eps": "linear(rest)"}

    def fit(stop=None, resume=None):
        torch.manual_seed(0)
        model = Model(lambda optimizer: configure(optimizer, text, fields=fields))

        class Stop(lightning.Callback):
            def on_train_batch_end(self, trainer, *given):
                trainer.should_stop = trainer.global_step == stop

        trainer = trainer_of(tmp_path, [LossCallback(), Stop()], max_steps=20, min_epochs=0)
        trainer.fit(model, loader(), ckpt_path=resume)
        return model, trainer

    half, trainer = fit(10)
    trainer.save_checkpoint(tmp_path / "half.ckpt")
    rest, trainer = fit(resume=tmp_path / "half.ckpt")
    scheduler = trainer.lr_scheduler_configs[0].scheduler
    reference = st.Scheduler(0.1, text, total=20)
    expected = [reference.lr] + [reference.step(loss) for loss in (half.losses + rest.losses)[:-1]]
    assert half.rates + rest.rates == expected and len(expected) == 20 and len(set(expected)) > 10
    assert str(scheduler.core) == str(st.Scheduler(0.1, text, total=20))
    assert str(scheduler.fields[0].schedule) == "linear(20)"


def test_shares_of_a_total_that_nobody_knows(tmp_path):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    with pytest.raises(st.StepsizeError, match="lineer"):
        configure(optimizer, "lineer(10%)")
    scheduler = configure(optimizer, SHARES)["lr_scheduler"]["scheduler"]
    assert scheduler.needs_total
    for act in (scheduler.step, scheduler.advance, scheduler.state_dict):
        with pytest.raises(st.StepsizeError, match=r"total: the schedule has shares .*module=self"):
            act()
    with pytest.raises(st.StepsizeError, match="total"):
        scheduler.bind(0)
    assert scheduler.needs_total
    scheduler.bind(10)
    scheduler.bind(20)  # it has one
    assert not scheduler.needs_total and scheduler.schedule == st.parse(SHARES, total=10)
    model = Model(lambda optimizer: configure(optimizer, SHARES, module=model))
    with pytest.raises(st.StepsizeError, match="the trainer expects inf updates: give total"):
        trainer_of(tmp_path, max_steps=-1).fit(model, loader())


# ---- The text form in a configuration file ----


@pytest.mark.parametrize("decay", ["warmup(2) >> linear(18)", "warmup(25%) >> linear(75%)"])
def test_the_command_line_of_lightning(tmp_path, monkeypatch, decay):
    pytest.importorskip("jsonargparse", reason="LightningCLI needs jsonargparse")
    from lightning.pytorch.cli import LightningCLI

    class CLI(LightningCLI):
        configure_optimizers = staticmethod(configure_optimizers)

    class Plain(Model):
        def __init__(self):
            super().__init__(None)

        configure_optimizers = None

    text = f"greedy(patience=0, factor=0.8, cooldown=0) * ({decay})"
    (tmp_path / "run.yaml").write_text(f"""
optimizer:
  class_path: torch.optim.Adam
  init_args: {{lr: 0.1}}
lr_scheduler:
  class_path: stepsize.lightning.Scheduler
  init_args:
    schedule: {text}
    min_lr: 0.001
trainer:
  accelerator: cpu
  max_steps: 8
  logger: false
  enable_checkpointing: false
  enable_progress_bar: false
  enable_model_summary: false
  callbacks:
    - class_path: stepsize.lightning.LossCallback
""")
    monkeypatch.chdir(tmp_path)
    cli = CLI(Plain, save_config_callback=None, run=False, args=["--config", "run.yaml"])
    cli.trainer.fit(cli.model, loader())
    (config,) = cli.trainer.lr_scheduler_configs
    assert config.interval == "step" and str(config.scheduler.core) == str(st.Scheduler(0.1, text, total=8))
    scheduler = st.Scheduler(0.1, text, min_lr=0.001, total=8)
    assert cli.model.rates == [scheduler.lr] + [scheduler.step(loss) for loss in cli.model.losses[:-1]]
    optimizer = torch.optim.SGD(cli.model.parameters(), lr=0.1)
    for other in (None, torch.optim.lr_scheduler.StepLR(optimizer, 3)):  # as Lightning does it
        assert configure_optimizers(cli.model, optimizer, other) == LightningCLI.configure_optimizers(
            cli.model, optimizer, other
        )


def test_the_example_runs():
    pytest.importorskip("sklearn")
    words = run(EXAMPLES / "lightning_greedy.py").splitlines()[-1]
    assert words.startswith("accuracy 0.9") and words.endswith("last rate 0")


# ---- The finder ----


def batches(count=40):
    inputs = torch.randn(count, 3, generator=torch.Generator().manual_seed(3))
    rows = torch.utils.data.TensorDataset(inputs, inputs.sum(1, keepdim=True))
    return torch.utils.data.DataLoader(rows, batch_size=8, shuffle=True)


@pytest.mark.parametrize("accumulate", [1, 2])
def test_find(tmp_path, accumulate):
    torch.manual_seed(0)
    model = Model(lambda optimizer: configure(optimizer, "linear(5)"))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    state = torch.get_rng_state()
    trainer = {"accelerator": "cpu", "devices": 1, "default_root_dir": tmp_path, "accumulate_grad_batches": accumulate}
    finder = find(model, batches(), trainer=trainer, start=1e-4, count=40, divergence=float("inf"))
    assert finder.stop_reason == "end" and len(finder) == 40
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert torch.equal(torch.get_rng_state(), state) and model.rates == [] and model._trainer is None
    assert not list(tmp_path.iterdir())
    again = find(model, batches(), trainer=trainer, start=1e-4, count=40, divergence=float("inf"))
    assert list(again.losses) == list(finder.losses)


@pytest.mark.parametrize("accumulate", [1, 2])
def test_find_sets_the_rates(tmp_path, accumulate):
    class Seen(lightning.Callback):
        rates, losses = [], []

        def on_before_zero_grad(self, trainer, pl_module, optimizer):
            self.rates.append(optimizer.param_groups[0]["lr"])

        def on_train_end(self, trainer, pl_module):
            self.losses += pl_module.losses

    Seen.rates, Seen.losses = [], []
    model, seen = Model(lambda optimizer: configure(optimizer, "linear(5)")), Seen()
    arguments = {
        "accelerator": "cpu", "devices": 1, "default_root_dir": tmp_path, "callbacks": [seen],
        "accumulate_grad_batches": accumulate,
    }  # fmt: skip
    finder = find(model, batches(80), trainer=arguments, count=30)
    # The gradients are reset before the loss is computed, so with the rate of the update before.
    assert seen.rates[1 : len(finder)] == pytest.approx(list(finder.rates)[:-1])
    means = [sum(seen.losses[i : i + accumulate]) / accumulate for i in range(0, len(seen.losses), accumulate)]
    assert means == pytest.approx(list(finder.losses), rel=1e-6)


def test_find_diverges(tmp_path):
    arguments = {"accelerator": "cpu", "devices": 1, "default_root_dir": tmp_path}
    model = Model(lambda optimizer: torch.optim.SGD(optimizer.param_groups[0]["params"], lr=0.1))
    finder = find(model, batches(), trainer=arguments, start=1e-3, end=100, smoothing=0)
    assert finder.stop_reason == "diverged" and len(finder) < 100


def test_find_needs_automatic_optimization(tmp_path):
    model = Model(lambda optimizer: optimizer)
    model.automatic_optimization = False
    arguments = {"accelerator": "cpu", "devices": 1, "default_root_dir": tmp_path}
    with pytest.raises(st.StepsizeError, match="expected automatic optimization"):
        find(model, batches(), trainer=arguments)
