"""The text recognizer: residual CNN -> BiLSTM -> CTC, after Shi et al. 2015 (CRNN)."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ConvUnit(nn.Module):
    """3x3 convolution, batch norm, ReLU; with a shortcut where shapes allow."""

    def __init__(self, inputs: int, outputs: int, stride: tuple[int, int] = (1, 1)) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
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
        )
        self.flatten = nn.Conv2d(e, e, (2, 1), bias=False)
        self.norm = nn.BatchNorm2d(e)
        self.context = nn.LSTM(e, hidden, num_layers=2, bidirectional=True, batch_first=True)
        self.dropout = nn.Dropout(0.1)
        self.head = nn.Linear(2 * hidden, classes)

    def forward(self, crops: Tensor) -> Tensor:
        x = self.features(crops)
        x = torch.relu(self.norm(self.flatten(x)))
        x = x.squeeze(2).transpose(1, 2)
        x, _ = self.context(x)
        return self.head(self.dropout(x))
