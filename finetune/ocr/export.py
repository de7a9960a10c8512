"""Trained networks as ONNX files, as ``docagent/ocr`` runs them."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from docagent.ocr.recognition.charset import CHARSET
from finetune.ocr.detector.model import DetectorModel
from finetune.ocr.recognizer.model import RecognizerModel

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
    axes = {"crops": {0: "n", 3: "width"}, "log_probabilities": {0: "n", 1: "steps"}}
    _write(wrapper, torch.ones(2, 1, 32, 160), target, axes)


def export_detector(state: State, target: Path) -> None:
    """Write a detector as ONNX: pages (n, 1, h, w) -> probabilities at half size."""
    model = DetectorModel()
    model.load_state_dict(state)
    axes = {"pages": {0: "n", 2: "h", 3: "w"}, "probabilities": {0: "n", 2: "h", 3: "w"}}
    _write(nn.Sequential(model, nn.Sigmoid()), torch.ones(1, 1, 64, 96), target, axes)


def _write(
    model: nn.Module, example: Tensor, target: Path, axes: dict[str, dict[int, str]]
) -> None:
    """axes: of the input and the output, in this order, those whose length may differ."""
    target.parent.mkdir(parents=True, exist_ok=True)
    source, result = axes
    with warnings.catch_warnings():
        # The older exporter is meant, and LSTMs of several crops are tested to come out right.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model.eval(),
            (example,),
            str(target),
            input_names=[source],
            output_names=[result],
            dynamo=False,
            opset_version=17,
            dynamic_axes=axes,
        )
