#!/usr/bin/env python3
"""Lightning with GreedyLR over linear decay, on scikit-learn's digits. Needs lightning and scikit-learn."""

import lightning
import torch
from sklearn.datasets import load_digits
from stepsize.lightning import LossCallback, configure

UPDATES = 200


class Digits(lightning.LightningModule):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10))

    def training_step(self, batch, index):
        return torch.nn.functional.cross_entropy(self.layers(batch[0]), batch[1])

    def configure_optimizers(self):
        optimizer = torch.optim.Adam(self.parameters(), lr=0.01)
        return configure(optimizer, f"greedy(patience=5, factor=0.9) * (warmup(10) >> linear({UPDATES - 10}))")


torch.manual_seed(0)
inputs, labels = load_digits(return_X_y=True)
inputs, labels = torch.tensor(inputs / 16, dtype=torch.float32), torch.tensor(labels)
data = torch.utils.data.TensorDataset(inputs[:1300], labels[:1300])
model = Digits()
trainer = lightning.Trainer(
    max_steps=UPDATES, accelerator="cpu", callbacks=[LossCallback()], logger=False, enable_checkpointing=False,
    enable_progress_bar=False, enable_model_summary=False,
)  # fmt: skip
trainer.fit(model, torch.utils.data.DataLoader(data, 64, shuffle=True))
accuracy = (model.layers(inputs[1300:]).argmax(1) == labels[1300:]).double().mean()
print(f"accuracy {accuracy:.3f}, last rate {trainer.optimizers[0].param_groups[0]['lr']:.3g}")
