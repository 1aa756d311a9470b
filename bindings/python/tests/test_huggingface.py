"""stepsize.huggingface in real runs: the Trainer on a tiny model of random weights, and accelerate."""

import json
import re

import pytest
import stepsize as st
from frameworks import EXAMPLES, run, run_with_torchrun
from support import REPOSITORY

pytestmark = pytest.mark.framework
pytest.importorskip("transformers")
pytest.importorskip("accelerate", reason="accelerate is not installed; the Trainer needs it")
torch = pytest.importorskip("torch")

from stepsize.huggingface import LossCallback, Scheduler, prepare  # noqa: E402
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainerCallback, TrainingArguments  # noqa: E402  # noqa: E402

TOTAL = 12
TEXT = f"greedy(patience=0, factor=0.8, cooldown=0) * (warmup(2) >> linear({TOTAL}))"


class Seen(TrainerCallback):
    def __init__(self):
        self.rates, self.logged, self.stop = [], [], None

    def on_pre_optimizer_step(self, args, state, control, **given):
        self.rates.append([group["lr"] for group in given["optimizer"].param_groups])

    def on_log(self, args, state, control, logs=None, **given):
        self.logged += [(state.global_step, name, logs[name]) for name in ("loss", "eval_loss") if name in logs]

    def on_step_end(self, args, state, control, **given):
        if state.global_step == self.stop:
            control.should_save = control.should_training_stop = True


def rows(count):
    generator = torch.Generator().manual_seed(7)
    ids = torch.randint(0, 30, (count, 6), generator=generator)
    return [{"input_ids": row, "labels": int(row.sum() % 2)} for row in ids]


def train(folder, metric="loss", text=TEXT, stop=None, resume=False, callback=True, make=Scheduler, **arguments):
    torch.manual_seed(0)
    config = BertConfig(vocab_size=30, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8,
                        max_position_embeddings=8)  # fmt: skip
    model = BertForSequenceClassification(config)
    optimizer = torch.optim.AdamW(
        [{"params": model.bert.parameters()}, {"params": model.classifier.parameters(), "lr": 1e-2}], lr=1e-3
    )
    seen = Seen()
    seen.stop = stop
    trainer = Trainer(
        model,
        TrainingArguments(
            str(folder), max_steps=TOTAL, per_device_train_batch_size=4, logging_steps=1, save_strategy="no",
            report_to=[], disable_tqdm=True, use_cpu=True, seed=1, **arguments,
        ),
        train_dataset=rows(64), eval_dataset=rows(8),
        optimizers=(optimizer, make(optimizer, text)),
        callbacks=[seen, *([LossCallback(metric)] if callback else [])],
    )  # fmt: skip
    trainer.train(resume_from_checkpoint=resume)
    return seen, trainer


def replayed(logged, metric):
    """The rates of a scheduler that is shown the metric logged after update t at the step after update t + 1."""
    heard = {step: value for step, name, value in logged if name == metric}
    scheduler = st.Scheduler([1e-3, 1e-2], TEXT)
    rates = []
    for update in range(TOTAL):
        rates.append(list(scheduler.lrs))
        scheduler.step(heard[update]) if update in heard else scheduler.advance()
    return rates


@pytest.mark.parametrize("metric, arguments", [
    ("loss", {}),
    ("eval_loss", {"eval_strategy": "steps", "eval_steps": 2, "gradient_accumulation_steps": 2}),
])  # fmt: skip
def test_the_controller_hears_what_is_logged(tmp_path, metric, arguments):
    """Interrupted and resumed, too."""
    whole, trainer = train(tmp_path / "whole", metric, **arguments)
    assert len(whole.rates) == TOTAL == trainer.lr_scheduler.current_step
    assert whole.rates == replayed(whole.logged, metric)
    alone = st.Scheduler([1e-3, 1e-2], TEXT.split(" * ")[1])
    planned = [list(alone.lrs)] + [(alone.step(), list(alone.lrs))[1] for _ in range(TOTAL - 1)]
    assert whole.rates[:2] == planned[:2] and whole.rates != planned, "the controller did nothing"

    for stop in (5, 8):
        folder = tmp_path / f"stopped{stop}"
        first, _ = train(folder, metric, stop=stop, **arguments)
        second, _ = train(folder, metric, resume=True, **arguments)
        assert first.rates + second.rates == replayed(first.logged + second.logged, metric)


def test_rates_equal_those_of_transformers_own_scheduler(tmp_path):
    from transformers import get_linear_schedule_with_warmup

    ours, _ = train(tmp_path, text=st.peers.transformers.get_linear_schedule_with_warmup(1.0, 3, TOTAL), callback=False)
    theirs, _ = train(
        tmp_path, callback=False, make=lambda optimizer, _: get_linear_schedule_with_warmup(optimizer, 3, TOTAL)
    )
    assert len(ours.rates) == TOTAL
    for mine, other in zip(ours.rates, theirs.rates):
        assert mine == pytest.approx(other, rel=1e-15)


def test_without_the_callback_and_with_another_scheduler(tmp_path):
    with pytest.raises(st.StepsizeError, match=r"pass callbacks=\[LossCallback\(\)\]"):
        train(tmp_path, callback=False)
    with pytest.raises(st.StepsizeError, match="metric = 'eval_f1', expected one of 'eval_loss'"):
        train(tmp_path, "eval_f1", eval_strategy="steps", eval_steps=2)


# ---- accelerate ----


@pytest.mark.parametrize("size", [1, 2])
def test_accelerate_steps_once_per_update(size, tmp_path):
    worker = REPOSITORY / "bindings/python/tests/accelerate_worker.py"
    found = [json.loads(line) for line in run(worker, size, tmp_path).splitlines() if line.startswith("{")]
    assert len(found) == size
    for one in found:
        # 12 batches, 3 for each update.
        assert one["updates"] == one["steps"] == 4 and one["first"] == found[0]["first"]
        assert one["rates"] == found[0]["rates"], "the ranks differ"
        assert one["resumed"] == one["rates"][2:]
    assert len({one["loss"] for one in found}) == size


def test_accelerate_needs_the_optimizer_first():
    from accelerate import Accelerator

    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    with pytest.raises(st.StepsizeError, match=r"call accelerator.prepare\(optimizer\) first"):
        prepare(Accelerator(cpu=True), Scheduler(optimizer, "linear(4)"))


def test_the_example_runs():
    assert "resumed with the same rates: True" in run(EXAMPLES / "huggingface_greedy.py")


@pytest.mark.parametrize("size", [1, 2])
def test_the_example_with_accelerate_runs(size):
    pytest.importorskip("sklearn")
    example = EXAMPLES / "accelerate_greedy.py"
    launched = run_with_torchrun(example, size) if size > 1 else run(example)
    steps, updates, accuracy = re.fullmatch(r"(\d+) of (\d+) updates, accuracy ([\d.]+)", launched.strip()).groups()
    assert steps == updates == str(120 // size) and float(accuracy) > 0.8
