"""The optimizer of a plan."""

from __future__ import annotations

from collections import defaultdict

import torch
from torch import nn

from finetune.training.plan import Plan


def make_optimizer(model: nn.Module, plan: Plan) -> torch.optim.AdamW:
    """AdamW over the parameters that are learnt, in groups of like rate and weight decay; the
    entry ``share`` of a group is what its learning rate is multiplied by."""
    groups: dict[tuple[float, float], list[nn.Parameter]] = defaultdict(list)
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            decays = parameter.ndim > 1 or plan.decay_vectors
            decay = plan.weight_decay if decays else 0.0
            groups[_share(name, plan), decay].append(parameter)
    made = [
        {"params": parameters, "weight_decay": decay, "share": share}
        for (share, decay), parameters in groups.items()
    ]
    return torch.optim.AdamW(made, lr=plan.peak, betas=plan.betas, fused=True)


def _share(name: str, plan: Plan) -> float:
    """The factor of the longest prefix in ``plan.rates`` that a parameter's name starts with."""
    found = [prefix for prefix in plan.rates if name.startswith(prefix)]
    return plan.rates[max(found, key=len)] if found else 1.0


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Use a learning rate from now on, in each group by its share."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group["share"]
