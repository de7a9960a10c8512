"""One training loop for every network here, on a CPU or on a CUDA device: see ``fit``.

- ``plan``: budget, learning rate and the rest of what is decided before a training
- ``loop``: ``fit``
- ``schedule``: clock, learning rate, progress
- ``averaging``: the moving average of weights
- ``checkpoint``: files that are whole or not there
- ``device``: where to compute, and in which number format
- ``interruption``: signals that end a training after its step
- ``workers``: processes that make batches
"""

from finetune.training.averaging import AveragedWeights
from finetune.training.checkpoint import load_weights, save_checkpoint
from finetune.training.device import autocast, device_of, pick_device, to_device
from finetune.training.interruption import Stopper
from finetune.training.loop import Figures, Fitted, State, fit
from finetune.training.plan import Plan
from finetune.training.schedule import Clock, Progress, learning_rate
from finetune.training.workers import from_workers

__all__ = [
    "AveragedWeights",
    "Clock",
    "Figures",
    "Fitted",
    "Plan",
    "Progress",
    "State",
    "Stopper",
    "autocast",
    "device_of",
    "fit",
    "from_workers",
    "learning_rate",
    "load_weights",
    "pick_device",
    "save_checkpoint",
    "to_device",
]
