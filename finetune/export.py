"""Trained networks as ONNX files, as ``docagent/ocr`` runs them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from docagent.ocr.charset import CHARSET
from finetune.detector_model import DetectorModel
from finetune.recognizer_model import RecognizerModel

State = Mapping[str, Tensor]
"""Parameters and buffers of a network by name."""


def export_recognizer(state: State, target: Path) -> None:
    """Write a recognizer as ONNX: crops (n, 1, 32, w) -> (n, w / 4, classes) log-probabilities."""
    model = RecognizerModel(len(CHARSET) + 1)
    model.load_state_dict(state)
    model.eval()

    class WithSoftmax(nn.Module):
        def forward(self, crops: Tensor) -> Tensor:
            return model(crops).log_softmax(-1)

    wrapper = WithSoftmax()
    wrapper.model = model
    target.parent.mkdir(parents=True, exist_ok=True)
    torch.onnx.export(
        wrapper.eval(),
        (torch.ones(2, 1, 32, 160),),
        str(target),
        input_names=["crops"],
        output_names=["log_probabilities"],
        dynamo=False,
        opset_version=17,
        dynamic_axes={"crops": {0: "n", 3: "width"}, "log_probabilities": {0: "n", 1: "steps"}},
    )


def export_detector(state: State, target: Path) -> None:
    """Write a detector as ONNX: pages (n, 1, h, w) -> probabilities at half size."""
    model = DetectorModel()
    model.load_state_dict(state)
    wrapper = nn.Sequential(model, nn.Sigmoid()).eval()
    target.parent.mkdir(parents=True, exist_ok=True)
    torch.onnx.export(
        wrapper,
        (torch.ones(1, 1, 64, 96),),
        str(target),
        input_names=["pages"],
        output_names=["probabilities"],
        dynamo=False,
        opset_version=17,
        dynamic_axes={"pages": {0: "n", 2: "h", 3: "w"}, "probabilities": {0: "n", 2: "h", 3: "w"}},
    )
