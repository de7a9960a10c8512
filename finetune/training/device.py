"""Where to compute, and in which number format and memory layout."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from docagent.errors import SettingsError


def pick_device(name: str | None = None) -> torch.device:
    """The device of a name ("cpu", "cuda", "cuda:1"); without one CUDA where there is any, else
    the CPU. Raises SettingsError for a device that is not there."""
    if name is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    device = torch.device(name)
    if device.type not in ("cpu", "cuda"):
        raise SettingsError(f"device {name!r} is not supported; give cpu or cuda")
    if device.type == "cuda" and not torch.cuda.is_available():
        raise SettingsError(f"device {name!r} is not there; give cpu")
    return device


def autocast(device: torch.device | str = "cpu") -> torch.autocast:
    """bfloat16 where the device is made for it; elsewhere it would be slower."""
    kind = torch.device(device).type
    if kind == "cuda":
        fast = torch.cuda.is_bf16_supported()
    else:
        fast = torch.backends.cpu.get_cpu_capability().startswith("AVX512")
    return torch.autocast(kind, torch.bfloat16, enabled=fast)


def device_of(model: nn.Module) -> torch.device:
    """Where a model's parameters are."""
    return next(model.parameters()).device


def has_convolutions(model: nn.Module) -> bool:
    """Whether a model computes faster with the channels of a pixel side by side."""
    return any(isinstance(module, nn.Conv2d) for module in model.modules())


def to_device(batch: Any, device: torch.device, channels_last: bool = False) -> Any:
    """A batch with its tensors on a device; numpy arrays become tensors, tuples, lists and
    mappings are walked through, anything else stays as it is.

    channels_last: put the channels of a pixel side by side in tensors of four dimensions.
    """
    if isinstance(batch, np.ndarray):
        batch = torch.from_numpy(batch)
    if isinstance(batch, Tensor):
        if channels_last and batch.ndim == 4:
            batch = batch.contiguous(memory_format=torch.channels_last)
        return batch.to(device, non_blocking=True)
    if isinstance(batch, dict):
        return {key: to_device(value, device, channels_last) for key, value in batch.items()}
    if isinstance(batch, tuple | list):
        moved = [to_device(value, device, channels_last) for value in batch]
        if hasattr(batch, "_fields"):
            return type(batch)(*moved)
        return type(batch)(moved)
    return batch


def batch_size(batch: Any) -> int:
    """Samples in a batch: the length of the first array found in it."""
    if isinstance(batch, Tensor | np.ndarray):
        return len(batch) if batch.ndim else 1
    if isinstance(batch, dict):
        batch = list(batch.values())
    if isinstance(batch, tuple | list):
        return next((size for part in batch if (size := batch_size(part))), 0)
    return 0
