"""Stepsize in PyTorch.

``Scheduler`` is a ``torch.optim.lr_scheduler.LRScheduler`` for any schedule and controller::

    from stepsize.torch import Scheduler

    scheduler = Scheduler(optimizer, "warmup(500) >> cosine(9500, floor=0.1)")

``stepsize.torch.lr_scheduler`` has the names of ``torch.optim.lr_scheduler``: to migrate, change the import.
"""

from . import lr_scheduler
from ._joined import Joined
from ._layers import layer_decay
from ._scheduler import Scheduler

__all__ = ["Joined", "Scheduler", "layer_decay", "lr_scheduler"]
