"""Read the float weights of the reader from its ONNX file, to resume training.

The export names some weights after their parameters and numbers the others. Which number is
which parameter is found by exporting a network of other random weights and looking where they
come out.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from docagent.errors import ModelError
from finetune.reader.export import export_onnx
from finetune.reader.model import Reader, ReaderConfig

Array = NDArray[Any]


def load_reader(weights: Path) -> Reader:
    """The network of an exported ``reader.onnx``, configured by the ``reader.json`` beside it.

    Raises ModelError if it is not an export of such a network.
    """
    config = json.loads(weights.with_suffix(".json").read_text("utf-8"))
    names = ReaderConfig().as_dict()
    torch.manual_seed(0)
    model = Reader(ReaderConfig(**{name: config[name] for name in names}))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.uniform_(-1.0, 1.0)
    with tempfile.TemporaryDirectory() as folder:
        probe = Path(folder) / "probe.onnx"
        export_onnx(model.eval(), probe)
        marks = _initializers(probe)
    found = _initializers(weights)
    if set(found) != set(marks):
        raise ModelError(f"{weights}: not an export of this network; export it anew")
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            source, turned = _place(parameter.detach().numpy(), marks, name)
            value = found[source].T if turned else found[source]
            parameter.copy_(torch.from_numpy(np.array(value, np.float32)).view_as(parameter))
    return model


def _place(values: Array, marks: dict[str, Array], name: str) -> tuple[str, bool]:
    """The initializer that holds a parameter, and whether it is transposed there."""
    for source, mark in marks.items():
        if mark.size != values.size:
            continue
        if np.allclose(mark.ravel(), values.ravel(), atol=2e-3):
            return source, False
        if mark.ndim == 2 and np.allclose(mark.T.ravel(), values.ravel(), atol=2e-3):
            return source, True
    raise ModelError(f"the parameter {name} is not in the export; is it used at all?")


def _initializers(path: Path) -> dict[str, Array]:
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(str(path)).graph
    return {item.name: numpy_helper.to_array(item) for item in graph.initializer}
