"""stepsize.lightning in real runs, interrupted and resumed."""

import pytest
import stepsize as st
from frameworks import EXAMPLES, run

pytestmark = pytest.mark.framework
torch = pytest.importorskip("torch")
lightning = pytest.importorskip("lightning", reason="lightning is not installed")
from stepsize.lightning import LossCallback, configure  # noqa: E402

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
    """The rates of a scheduler that is shown what the callback hears in one run after the other: the loss of an update,
    the mean over its batches; or, at the first step after it, what a validation has logged."""
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
    with pytest.raises(st.StepsizeError, match="metric = 'f1', expected one of 'val_loss'"):
        train(tmp_path, 6, callback=LossCallback("f1"))
    with pytest.raises(st.StepsizeError, match="return stepsize.lightning.configure"):
        train(tmp_path, 3, callback=LossCallback(), make=lambda optimizer: optimizer)


def test_the_example_runs():
    pytest.importorskip("sklearn")
    words = run(EXAMPLES / "lightning_greedy.py").splitlines()[-1]
    assert words.startswith("accuracy 0.9") and words.endswith("last rate 0")
