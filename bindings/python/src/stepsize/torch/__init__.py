"""Stepsize in PyTorch.

``Scheduler`` is a ``torch.optim.lr_scheduler.LRScheduler`` for any schedule and controller::

    from stepsize.torch import Scheduler

    scheduler = Scheduler(optimizer, "warmup(500) >> cosine(9500, floor=0.1)")

``find`` runs a learning-rate range test on a model, and leaves it as it was; ``restoring`` does so with any trial.

``Prodigy`` and ``Mechanic`` are schedulers that find the rate by themselves, from vectors that they keep.

``stepsize.torch.lr_scheduler`` has the names of ``torch.optim.lr_scheduler``: to migrate, change the import.
"""

from . import lr_scheduler
from ._find import find
from ._joined import Joined
from ._layers import layer_decay
from ._mechanic import Mechanic
from ._prodigy import Prodigy
from ._restoring import restoring
from ._scheduler import Scheduler

__all__ = ["Joined", "Mechanic", "Prodigy", "Scheduler", "find", "layer_decay", "lr_scheduler", "restoring"]
