#!/usr/bin/env python3
"""transformers' Trainer with GreedyLR over linear decay, interrupted and resumed. Nothing is downloaded: the model is a
tiny one with random weights. Needs transformers, accelerate and torch.
"""

import tempfile

import torch
from stepsize.huggingface import LossCallback, Scheduler
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainerCallback, TrainingArguments

UPDATES = 20
generator = torch.Generator().manual_seed(0)
data = [{"input_ids": row, "labels": int(row[0] > 15)} for row in torch.randint(0, 30, (128, 6), generator=generator)]


class Watch(TrainerCallback):
    """Notes the rate of each update, and may stop early with a checkpoint."""

    def __init__(self, stop):
        self.stop, self.rates = stop, []

    def on_pre_optimizer_step(self, args, state, control, optimizer=None, **_):
        self.rates.append(optimizer.param_groups[0]["lr"])

    def on_step_end(self, args, state, control, **_):
        if state.global_step == self.stop:
            control.should_save = control.should_training_stop = True


def train(folder, stop=None, resume=False):
    torch.manual_seed(0)
    model = BertForSequenceClassification(
        BertConfig(vocab_size=30, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16)
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    scheduler = Scheduler(optimizer, f"greedy(patience=1, factor=0.9) * linear({UPDATES})")
    watch = Watch(stop)
    arguments = TrainingArguments(
        folder, max_steps=UPDATES, per_device_train_batch_size=8, logging_steps=1, save_strategy="no", report_to=[],
        disable_tqdm=True, use_cpu=True,
    )  # fmt: skip
    trainer = Trainer(
        model, arguments, train_dataset=data, optimizers=(optimizer, scheduler),
        callbacks=[watch, LossCallback("loss")],
    )  # fmt: skip
    trainer.train(resume_from_checkpoint=resume)
    return watch.rates


with tempfile.TemporaryDirectory() as folder:
    whole = train(f"{folder}/whole")
    parts = train(f"{folder}/parts", stop=7) + train(f"{folder}/parts", resume=True)
print("resumed with the same rates:", parts == whole)
