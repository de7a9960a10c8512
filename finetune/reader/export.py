"""Write the trained reader as ONNX with half-precision weights, and its configuration.

    python -m finetune.reader export --checkpoint runs/reader/last.pt

Weights are stored as float16 behind casts that ONNX Runtime folds when it loads, so that it
computes in float32. Temperatures are fitted on new synthetic pages.
"""

from __future__ import annotations

import argparse
import json
import random
import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from docagent.reader.features import (
    BUCKETS,
    page_to_features,
    query_to_features,
    stack_queries,
)
from finetune.reader.checkpoint import load_average
from finetune.reader.data import stack_pages
from finetune.reader.model import Reader
from finetune.reader.tensors import INPUTS, to_tensors
from finetune.reader.validate import fit_temperatures

AXES = {
    "grams": {0: "b", 1: "n"},
    "looks": {0: "b", 1: "n"},
    "boxes": {0: "b", 1: "n"},
    "layout": {0: "b", 1: "n"},
    "lines": {0: "b", 1: "n"},
    "mask": {0: "b", 1: "n"},
    "query_grams": {0: "b", 1: "q", 2: "t"},
    "query_looks": {0: "b", 1: "q", 2: "t"},
    "query_mask": {0: "b", 1: "q", 2: "t"},
    "multiple": {0: "b", 1: "q"},
    "points": {0: "b", 1: "q", 2: "n"},
    "absent": {0: "b", 1: "q"},
}
SMALL = 64
"""Tensors of fewer numbers stay as they are."""


def example_inputs() -> dict[str, torch.Tensor]:
    """The network's inputs for a page of three words and two queries."""
    boxes = [(0.1, 0.1, 0.2, 0.12), (0.3, 0.1, 0.4, 0.12), (0.1, 0.2, 0.2, 0.22)]
    page = page_to_features(["Total", "12.00", "Thanks"], boxes, [0, 0, 1], 700, 1000)
    asked = stack_queries([query_to_features("total", False), query_to_features("due date", True)])
    inputs = stack_pages([page]) | {name: array[None] for name, array in asked.items()}
    return to_tensors(inputs)


def export_onnx(model: Reader, path: Path) -> None:
    """Trace the network and write it with float16 weights."""
    tensors = example_inputs()
    # The legacy tracer: one graph for any number of words, queries and query words.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model,
            tuple(tensors[name] for name in INPUTS),
            str(path),
            input_names=list(INPUTS),
            output_names=["points", "absent"],
            dynamic_axes=AXES,
            opset_version=17,
            dynamo=False,
        )
    graph = onnx.load(path)
    halve_weights(graph)
    onnx.save(graph, path)


def halve_weights(model: onnx.ModelProto) -> None:
    """Store float32 weights as float16, each behind a cast back to float32."""
    kept, casts = [], []
    for weight in model.graph.initializer:
        array = numpy_helper.to_array(weight)
        if weight.data_type != TensorProto.FLOAT or array.size < SMALL:
            kept.append(weight)
            continue
        half = weight.name + ".half"
        kept.append(numpy_helper.from_array(array.astype(np.float16), half))
        casts.append(helper.make_node("Cast", [half], [weight.name], to=TensorProto.FLOAT))
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--checkpoint", type=Path, default=Path("runs/reader/last.pt"))
    parser.add_argument("--output", type=Path, default=Path("docagent/weights"))
    parser.add_argument("--pages", type=int, default=200, help="pages to fit temperatures on")
    args = parser.parse_args()
    torch.set_num_threads(1)
    model, steps, seconds = load_average(args.checkpoint)
    args.output.mkdir(parents=True, exist_ok=True)
    with torch.no_grad():
        span, tag = fit_temperatures(model, random.Random(77), args.pages)
        export_onnx(model, args.output / "reader.onnx")
    config = {
        "format": 1,
        "buckets": BUCKETS,
        "span_temperature": round(span, 3),
        "tag_temperature": round(tag, 3),
        "steps": steps,
        "training_seconds": round(seconds),
        **model.config.as_dict(),
    }
    (args.output / "reader.json").write_text(json.dumps(config, indent=2) + "\n")
    print(json.dumps(config))
