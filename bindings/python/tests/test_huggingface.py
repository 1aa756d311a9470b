"""stepsize.huggingface in real runs: the Trainer on a tiny model of random weights, and accelerate."""

import inspect
import json
import math
import re
import warnings

import pytest
import stepsize as st
from frameworks import EXAMPLES, run, run_with_torchrun
from support import REPOSITORY

pytestmark = pytest.mark.framework
pytest.importorskip("transformers")
pytest.importorskip("accelerate", reason="accelerate is not installed; the Trainer needs it")
torch = pytest.importorskip("torch")

from accelerate import Accelerator  # noqa: E402
from stepsize.huggingface import LossCallback, Scheduler, configured, find, prepare  # noqa: E402
from stepsize.torch import Mechanic, Prodigy  # noqa: E402
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainerCallback, TrainingArguments  # noqa: E402  # noqa: E402

TOTAL = 12
TEXT = f"greedy(patience=0, factor=0.8, cooldown=0) * (warmup(2) >> linear({TOTAL}))"


class Seen(TrainerCallback):
    def __init__(self):
        self.rates, self.logged, self.stop = [], [], None

    def on_pre_optimizer_step(self, args, state, control, **given):
        self.rates.append([group["lr"] for group in given["optimizer"].param_groups])

    def on_log(self, args, state, control, logs=None, **given):
        self.logged += [(state.global_step, name, logs[name]) for name in logs if name.endswith("loss")]

    def on_step_end(self, args, state, control, **given):
        if state.global_step == self.stop:
            control.should_save = control.should_training_stop = True


def rows(count):
    generator = torch.Generator().manual_seed(7)
    ids = torch.randint(0, 30, (count, 6), generator=generator)
    return [{"input_ids": row, "labels": int(row.sum() % 2)} for row in ids]


def small():
    return BertConfig(
        vocab_size=30, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8,
        max_position_embeddings=8,
    )  # fmt: skip


def accuracy(predicted):
    return {"accuracy": float((predicted.predictions.argmax(-1) == predicted.label_ids).mean())}


def train(
    folder, metric="loss", text=TEXT, stop=None, resume=False, callback=True, make=Scheduler, mode=None, accuracy=None,
    sets=None, **arguments,
):  # fmt: skip
    torch.manual_seed(0)
    model = BertForSequenceClassification(small())
    optimizer = torch.optim.AdamW(
        [{"params": model.bert.parameters()}, {"params": model.classifier.parameters(), "lr": 1e-2}], lr=1e-3
    )
    seen = Seen()
    seen.stop = stop
    trainer = Trainer(
        model,
        TrainingArguments(
            str(folder), max_steps=TOTAL, per_device_train_batch_size=4, save_strategy="no", report_to=[],
            disable_tqdm=True, use_cpu=True, seed=1, **{"logging_steps": 1, **arguments},
        ),
        train_dataset=rows(64), eval_dataset=sets or rows(8),
        optimizers=(optimizer, make(optimizer, text)),
        callbacks=[seen, *([LossCallback(metric, mode=mode)] if callback else [])], compute_metrics=accuracy,
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
    with pytest.raises(st.StepsizeError, match="metric = 'eval_score', expected one of 'eval_loss'"):
        train(tmp_path, "eval_score", mode="min", eval_strategy="steps", eval_steps=2)


def test_which_way_is_better(tmp_path):
    """The name of the metric tells, or the arguments by which the best model is chosen; else it asks."""
    options = {"eval_strategy": "steps", "eval_steps": 2}
    with pytest.raises(st.StepsizeError, match=r"'eval_f1': a larger value is better, .*: make it greedy\(mode=\"max"):
        train(tmp_path, "eval_f1", **options)
    with pytest.raises(st.StepsizeError, match="metric = 'eval_score': it cannot be known .* pass mode='min' to the"):
        train(tmp_path, "eval_score", **options)
    for better, words in ((True, "a larger value is better"), (False, "eval_score")):
        with pytest.raises((st.StepsizeError, KeyError), match=words):  # the Trainer's own error
            train(tmp_path, "eval_score", metric_for_best_model="score", greater_is_better=better, **options)
    text = TEXT.replace("greedy(", "greedy(mode=max, ")
    seen, _ = train(tmp_path, "eval_accuracy", text=text, accuracy=accuracy, **options)
    assert len(seen.rates) == TOTAL
    train(tmp_path, "eval_score", text="linear(12)", **options)  # nothing observes it


def test_one_of_several_evaluation_sets(tmp_path):
    sets = {"first": rows(8), "second": rows(16)}
    for name in sets:
        seen, _ = train(tmp_path, f"eval_{name}_loss", eval_strategy="steps", eval_steps=2, sets=sets)
        assert seen.rates == replayed(seen.logged, f"eval_{name}_loss")
    with pytest.raises(st.StepsizeError, match="'eval_loss', expected one of 'eval_first_loss', .*'eval_second_loss'"):
        train(tmp_path, "eval_loss", eval_strategy="steps", eval_steps=2, sets=sets)


@pytest.mark.parametrize("metric, arguments, words", [
    ("loss", {"logging_steps": 500}, "logging_steps is 500, and the run has 12 updates"),
    ("loss", {"logging_strategy": "no"}, "logging_strategy is 'no'"),
    ("eval_loss", {}, "eval_strategy is 'no'"),
    ("eval_loss", {"eval_strategy": "steps", "eval_steps": 50}, "eval_steps is 50, and the run has 12 updates"),
    ("train_error", {}, "it was never logged"),
])  # fmt: skip
def test_a_controller_that_observes_nothing_says_so(tmp_path, metric, arguments, words):
    with pytest.warns(UserWarning, match=f"observes no '{metric}', and moves no rate: {words}") as caught:
        train(tmp_path, metric, **arguments)
    assert [each.filename for each in caught if "moves no rate" in str(each.message)] == [__file__]


def test_nothing_is_said_where_all_is_well(tmp_path):
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*moves no rate")
        train(tmp_path, "loss")
        train(tmp_path, "loss", logging_steps=5)
        train(tmp_path, "loss", logging_steps=500, logging_first_step=True)
        train(tmp_path, "eval_loss", eval_strategy="epoch")
        train(tmp_path, "loss", text="linear(12)", logging_steps=500)


def test_controllers_that_a_trainer_cannot_serve(tmp_path):
    for text in ("line_search()", "hypergradient() * linear(9)"):
        with pytest.raises(st.StepsizeError, match="needs more than a loss, which a trainer cannot give it"):
            train(tmp_path, text=text)


# ---- The text form in the arguments ----


def trainer_of(folder, kwargs, make=None, **arguments):
    model = BertForSequenceClassification(small())
    return configured(Trainer)(
        model, TrainingArguments(
            str(folder), max_steps=6, logging_steps=1, save_strategy="no", report_to=[], disable_tqdm=True,
            use_cpu=True, learning_rate=1e-3, lr_scheduler_kwargs=kwargs, **arguments,
        ), train_dataset=rows(64), eval_dataset=rows(8), callbacks=[Seen()],
    )  # fmt: skip


def rates_of(trainer):
    trainer.train()
    (seen,) = [each for each in trainer.callback_handler.callbacks if isinstance(each, Seen)]
    return [rates[0] for rates in seen.rates]


def test_the_text_form_in_the_arguments(tmp_path):
    text = "greedy(patience=0, factor=0.5) * (warmup(2) >> linear(4))"
    trainer = trainer_of(tmp_path, {"stepsize": text, "metric": "loss", "min_lr": 1e-5})
    rates = rates_of(trainer)
    heard = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    reference = st.Scheduler(1e-3, text, min_lr=1e-5)
    expected = [reference.lr, reference.advance()] + [reference.step(loss) for loss in heard[:4]]
    assert rates == expected
    assert rates_of(trainer_of(tmp_path, '{"stepsize": "linear(6)"}')) == list(st.Linear(6).curve(6, base_lr=1e-3))
    # Its own scheduler where the arguments do not say it.
    assert rates_of(trainer_of(tmp_path, None, lr_scheduler_type="linear")) == pytest.approx(
        list(st.Linear(6).curve(6, base_lr=1e-3)), rel=1e-12
    )
    assert rates_of(trainer_of(tmp_path, {"num_cycles": 1}, lr_scheduler_type="cosine_with_restarts"))[0] == 1e-3
    assert configured(Trainer).__name__ == "Trainer"


def test_the_text_form_in_yaml_and_on_the_command_line(tmp_path):
    from transformers import HfArgumentParser

    text = "greedy(patience=0, factor=0.5) * (warmup(2) >> linear(4))"
    (tmp_path / "run.yaml").write_text(
        f"output_dir: {tmp_path}\nuse_cpu: true\nlr_scheduler_kwargs:\n  stepsize: {text}\n  metric: loss\n"
    )
    parser = HfArgumentParser(TrainingArguments)
    (one,) = parser.parse_yaml_file(tmp_path / "run.yaml")
    (other,) = parser.parse_args_into_dataclasses(
        ["--output_dir", str(tmp_path), "--use_cpu", "true",
         "--lr_scheduler_kwargs", json.dumps({"stepsize": text, "metric": "loss"})]
    )  # fmt: skip
    for arguments in (one, other):
        trainer = configured(Trainer)(BertForSequenceClassification(small()), arguments, train_dataset=rows(8))
        trainer.create_optimizer_and_scheduler(6)
        assert str(trainer.lr_scheduler.core) == str(st.Scheduler(0.1, text))


def test_shares_of_the_trainers_total(tmp_path):
    """By the callback for a scheduler of one's own, interrupted and resumed; by `configured` for the arguments."""
    text = "greedy(patience=0, factor=0.8) * (warmup(25%) >> linear(75%))"
    whole, trainer = train(tmp_path / "whole", text=text)
    assert str(trainer.lr_scheduler.core) == str(st.Scheduler(0.1, text, total=TOTAL))
    reference = st.Scheduler([1e-3, 1e-2], text, total=TOTAL)
    assert whole.rates[0] == list(reference.lrs) and whole.rates[1] == [2 * rate for rate in whole.rates[0]]
    first, _ = train(tmp_path / "part", text=text, stop=5)
    second, _ = train(tmp_path / "part", text=text, resume=True)
    assert first.rates + second.rates == whole.rates
    text = "warmup(50%) >> linear(50%)"
    assert rates_of(trainer_of(tmp_path, {"stepsize": text})) == list(st.parse(text, total=6).curve(6, base_lr=1e-3))
    with pytest.raises(st.StepsizeError, match="total: the schedule has shares of it"):
        train(tmp_path / "none", text=text, callback=False)




# ---- accelerate ----


@pytest.mark.processes
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


def loop(scheduler_of, count=12, **options):
    """A loop with accelerate, four batches for each update; the rates after each batch."""
    from accelerate import Accelerator
    from accelerate.state import AcceleratorState, GradientState

    AcceleratorState._reset_state(reset_partial_state=True)
    GradientState._reset_state()
    accelerator = Accelerator(cpu=True, gradient_accumulation_steps=4)
    torch.manual_seed(0)
    model = torch.nn.Linear(2, 1)
    model, optimizer = accelerator.prepare(model, torch.optim.SGD(model.parameters(), lr=0.1))
    stepper, rates, losses = scheduler_of(accelerator, optimizer), [], []
    for batch in torch.randn(count, 8, 2):
        with accelerator.accumulate(model):
            loss = (model(batch) ** 2).mean()
            accelerator.backward(loss)
            optimizer.step()
            stepper.step(loss)
            optimizer.zero_grad()
        rates.append(optimizer.param_groups[0]["lr"])
        losses.append(loss.item())
    return rates, losses, accelerator, stepper


DROP_INS = [
    lambda optimizer: st.torch.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, 10),
    lambda optimizer: torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, 10),
    lambda optimizer: st.torch.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, factor=0.5, threshold=10),
    lambda optimizer: torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, factor=0.5, threshold=10),
    lambda optimizer: st.huggingface.optimization.GreedyLR(optimizer, patience=0, factor=0.5, smooth=False),
    lambda optimizer: st.huggingface.optimization.get_scheduler("linear", optimizer, 0, 10),
    lambda optimizer: st.torch.Scheduler(optimizer, "greedy(patience=0, factor=0.5) * linear(10)"),
]


@pytest.mark.parametrize("make", DROP_INS)
@pytest.mark.parametrize("wrapped", [True, False])
def test_accelerate_takes_every_scheduler(make, wrapped):
    """On the optimizer that accelerate has wrapped, and on the one inside; drop-ins, and the originals."""
    rates, losses, accelerator, stepper = loop(
        lambda accelerator, optimizer: prepare(accelerator, make(optimizer if wrapped else optimizer.optimizer))
    )
    weight = torch.nn.Parameter(torch.zeros(1))
    reference, expected = make(torch.optim.SGD([weight], lr=0.1)), []
    needs_loss = "metrics" in str(inspect.signature(reference.step)) or getattr(reference, "needs_loss", False)
    for t in range(12):
        if t % 4 == 3:
            reference.optimizer.step()
            mean = math.fsum(losses[t - 3 : t + 1]) / 4
            reference.step(mean) if needs_loss else reference.step()
        expected.append(reference.optimizer.param_groups[0]["lr"])
    assert rates == expected and len(set(rates)) > 2
    accelerator._schedulers[0].load_state_dict(accelerator._schedulers[0].state_dict())
    assert stepper is accelerator._schedulers[0]


@pytest.mark.parametrize("configuration", [
    "greedy(patience=0, factor=0.5) * linear(10)", st.Linear(10), {"schedule": "linear(10)", "min_lr": 0.095},
])  # fmt: skip
def test_accelerate_takes_what_a_configuration_file_holds(configuration):
    rates, losses, _, stepper = loop(lambda accelerator, optimizer: prepare(accelerator, configuration, optimizer))
    options = configuration if isinstance(configuration, dict) else {"schedule": configuration}
    reference = st.Scheduler(0.1, **options)
    for t in range(3):
        reference.step(math.fsum(losses[4 * t : 4 * t + 4]) / 4)
    assert rates[-1] == reference.lr != 0.1
    from accelerate import Accelerator

    with pytest.raises(st.StepsizeError, match=r"call prepare\(accelerator, text, optimizer\)"):
        prepare(Accelerator(cpu=True), "linear(10)")


@pytest.mark.parametrize("text", ["warmup(25%) >> linear(75%)", {"schedule": "warmup(25%) >> linear(75%)"}])
@pytest.mark.parametrize("at_ends", [True, False])
def test_accelerate_counts_the_prepared_loader(text, at_ends):
    """10 batches, four for each update: an epoch has 3 updates, or 2 and a half where it does not end with one."""
    from accelerate import Accelerator
    from accelerate.state import AcceleratorState, GradientState
    from accelerate.utils import GradientAccumulationPlugin

    AcceleratorState._reset_state(reset_partial_state=True)
    GradientState._reset_state()
    plugin = GradientAccumulationPlugin(num_steps=4, sync_with_dataloader=at_ends)
    accelerator = Accelerator(cpu=True, gradient_accumulation_plugin=plugin)
    model = torch.nn.Linear(2, 1)
    loader = torch.utils.data.DataLoader(torch.randn(40, 2), batch_size=4)
    with pytest.raises(st.StepsizeError, match="epochs: 0 loaders are prepared, expected one"):
        prepare(accelerator, text, torch.optim.SGD(model.parameters(), lr=0.1), epochs=4)
    model, optimizer, loader = accelerator.prepare(model, torch.optim.SGD(model.parameters(), lr=0.1), loader)
    stepper = prepare(accelerator, text, optimizer, epochs=4)
    for _ in range(4):
        for batch in loader:
            with accelerator.accumulate(model):
                accelerator.backward((model(batch) ** 2).mean())
                optimizer.step()
                stepper.step()
                optimizer.zero_grad()
    total = 12 if at_ends else 10
    scheduler = stepper.scheduler
    assert scheduler.schedule == st.parse("warmup(25%) >> linear(75%)", total=total)
    assert scheduler.current_step == total and scheduler.finished
    given = prepare(accelerator, {"schedule": "warmup(25%) >> linear(75%)", "total": 100}, optimizer, epochs=4)
    assert given.scheduler.schedule == st.parse("warmup(25%) >> linear(75%)", total=100)
    with pytest.raises(st.StepsizeError, match="epochs: the scheduler is made, expected a text"):
        prepare(accelerator, scheduler, epochs=4)
    with pytest.raises(st.StepsizeError, match="give the total"):
        prepare(accelerator, text, optimizer)


def test_the_example_runs():
    assert "resumed with the same rates: True" in run(EXAMPLES / "huggingface_greedy.py")


@pytest.mark.processes
@pytest.mark.parametrize("size", [1, 2])
def test_the_example_with_accelerate_runs(size):
    pytest.importorskip("sklearn")
    example = EXAMPLES / "accelerate_greedy.py"
    launched = run_with_torchrun(example, size) if size > 1 else run(example)
    steps, updates, accuracy = re.fullmatch(r"(\d+) of (\d+) updates, accuracy ([\d.]+)", launched.strip()).groups()
    assert steps == updates == str(120 // size) and float(accuracy) > 0.8


# ---- The finder ----


@pytest.mark.parametrize("given", [False, True])
def test_find(tmp_path, given):
    torch.manual_seed(0)
    model = BertForSequenceClassification(small())
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3) if given else None
    arguments = TrainingArguments(
        output_dir=str(tmp_path / "out"), per_device_train_batch_size=4, use_cpu=True, report_to="none", max_steps=6,
        logging_strategy="no", save_strategy="no",
    )  # fmt: skip

    def losses(with_test):
        torch.manual_seed(1)
        fresh = BertForSequenceClassification(small())
        trainer = Trainer(fresh, arguments, train_dataset=rows(40))
        finder = find(trainer, start=1e-5, count=30) if with_test else None
        assert trainer.optimizer is None and trainer.state.global_step == 0
        return trainer.train().training_loss, finder

    trainer = Trainer(model, arguments, train_dataset=rows(40), optimizers=(optimizer, None))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    finder = find(trainer, start=1e-5, count=30)
    assert len(finder) == 30 and finder.rates[0] == 1e-5
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert trainer.optimizer is optimizer
    assert losses(True)[0] == losses(False)[0]


@pytest.mark.parametrize("kind", [Prodigy, Mechanic])
def test_what_sees_each_update_by_itself(kind, tmp_path):
    """In the Trainer, resumed from its checkpoint, and under accelerate."""

    def make(optimizer, text):
        for group in optimizer.param_groups:
            group["lr"] = 1.0
        return kind(optimizer, text)

    whole = train(tmp_path / "whole", text="linear(12)", make=make, callback=False)[1]
    train(tmp_path / "part", text="linear(12)", make=make, callback=False, stop=5)
    resumed = train(tmp_path / "part", text="linear(12)", make=make, callback=False, resume=True)[1]
    mine, again = (each.lr_scheduler.state_dict()["adapted"]["numbers"] for each in (whole, resumed))
    assert resumed.lr_scheduler.current_step == TOTAL and mine == again
    for one, two in zip(whole.model.parameters(), resumed.model.parameters()):
        assert torch.equal(one, two)

    def alone(accumulated):
        torch.manual_seed(0)
        model = torch.nn.Linear(3, 1)
        optimizer = torch.optim.AdamW(model.parameters(), lr=1.0)
        scheduler = kind(optimizer, "linear(30)")
        inputs = torch.randn(30, 8, 3)
        if accumulated:
            accelerator = Accelerator(cpu=True, gradient_accumulation_steps=2)
            model, optimizer = accelerator.prepare(model, optimizer)
            stepper = prepare(accelerator, scheduler)
            for batch in inputs:
                with accelerator.accumulate(model):
                    accelerator.backward((model(batch) - batch.sum(1, keepdim=True)).square().mean())
                    optimizer.step(), stepper.step(), optimizer.zero_grad()
        else:
            for number, batch in enumerate(inputs):
                ((model(batch) - batch.sum(1, keepdim=True)).square().mean() / 2).backward()
                if number % 2:
                    optimizer.step(), scheduler.step(), optimizer.zero_grad()
        return torch.cat([each.detach().flatten() for each in model.parameters()])

    assert torch.equal(alone(True), alone(False))


def test_find_needs_the_model_before_train(tmp_path):
    arguments = TrainingArguments(output_dir=str(tmp_path), use_cpu=True, report_to="none")
    trainer = Trainer(BertForSequenceClassification(small()), arguments, train_dataset=rows(4))
    trainer.is_fsdp_enabled = True
    with pytest.raises(st.StepsizeError, match="expected a Trainer without DeepSpeed or FSDP"):
        find(trainer)
