"""The text recognizer: residual CNN -> BiLSTM -> CTC, after Shi et al. 2015 (CRNN)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn


class ConvUnit(nn.Module):
    """Convolution (3x3), batch norm, ReLU; with a shortcut where shapes allow."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        stride: tuple[int, int] = (1, 1),
        kernel: tuple[int, int] = (3, 3),
    ) -> None:
        super().__init__()
        padding = (kernel[0] // 2, kernel[1] // 2)
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False)
        self.norm = nn.BatchNorm2d(outputs)
        self.shortcut = inputs == outputs and stride == (1, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(self.conv(x))
        return torch.relu(y + x if self.shortcut else y)


class RecognizerModel(nn.Module):
    """Crops (n, 1, 32, w) with paper at 1 and ink at -1 -> logits (n, w / 4, classes).

    The stem halves the crop at once: text of a 90 dpi scan is enlarged to fill 32 pixels, and
    full-resolution features bought nothing for half of the time.
    """

    def __init__(
        self, classes: int, widths: tuple[int, ...] = (32, 48, 96, 160, 224), hidden: int = 128
    ) -> None:
        super().__init__()
        a, b, c, d, e = widths
        self.features = nn.Sequential(
            ConvUnit(1, a, (2, 2)),
            ConvUnit(a, b),
            ConvUnit(b, c, (2, 2)),
            ConvUnit(c, c),
            ConvUnit(c, d, (2, 1)),
            ConvUnit(d, d),
            ConvUnit(d, e, (2, 1)),
            ConvUnit(e, e),
        )
        self.flatten = nn.Conv2d(e, e, (2, 1), bias=False)
        self.norm = nn.BatchNorm2d(e)
        self.mix = nn.Sequential(ConvUnit(e, e, kernel=(1, 3)), ConvUnit(e, e, kernel=(1, 3)))
        self.context = nn.LSTM(e, hidden, num_layers=2, bidirectional=True, batch_first=True)
        self.dropout = nn.Dropout(0.1)
        self.head = nn.Linear(2 * hidden, classes)

    def forward(self, crops: Tensor) -> Tensor:
        x = self.features(crops)
        x = torch.relu(self.norm(self.flatten(x)))
        x = self.mix(x)
        x = x.squeeze(2).transpose(1, 2)
        x, _ = self.context(x)
        return self.head(self.dropout(x))

    def load_shallower(self, state: Mapping[str, Tensor]) -> None:
        """Weights of this network or of one that lacks some of its units with a shortcut, which
        start as passing on what they get. Raises RuntimeError for another network's weights."""
        missing, unexpected = self.load_state_dict(state, strict=False)
        modules = dict(self.named_modules())
        lacking = {name.rsplit(".", 1)[0].rsplit(".", 1)[0] for name in missing}
        units = [modules[name] for name in lacking]
        if unexpected or not all(isinstance(unit, ConvUnit) and unit.shortcut for unit in units):
            raise RuntimeError(f"{len(missing)} parameters missing, {len(unexpected)} unexpected")
        for unit in units:
            nn.init.zeros_(unit.norm.weight)
