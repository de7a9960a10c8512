"""Quantise an exported recognizer or detector to 8 bits, calibrated on synthetic pages.

    python -m finetune.quantize recognizer --shards runs/shards \
        --source runs/recognizer/recognizer.onnx --target docagent/weights/recognizer.onnx

Convolutions get int8 weights per channel and uint8 activations, LSTMs and the recognizer's last
layer int8 weights per gate or class and activations quantised as they come; its scores are float32.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_dynamic,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from docagent.ocr.detection.detector import page_to_input
from docagent.ocr.recognition.crops import crop_to_input, stack_inputs
from finetune.ocr.detector.batches import read_shard_pages
from finetune.ocr.recognizer.batches import framed, read_shard_lines

Inputs = dict[str, NDArray[np.float32]]
IN_FLOAT = {"recognizer": ("head",), "detector": ("stem",)}
"""Parts of names of convolutions and sums that are left as they are: the detector's first
convolution, of one channel at full size, is slower in 8 bits, and the recognizer's scores in 256
steps would say less of how sure it is."""


class Examples(CalibrationDataReader):  # type: ignore[misc]
    """Feeds inputs to the calibration, one at a time."""

    def __init__(self, inputs: Iterator[Inputs]) -> None:
        self._inputs = inputs

    def get_next(self) -> Inputs | None:
        return next(self._inputs, None)


def crop_examples(shard: Path, count: int) -> Iterator[Inputs]:
    """Batches of line crops of about one width."""
    samples = sorted(
        (crop for crop, _ in framed(read_shard_lines(shard))), key=lambda c: c.shape[1]
    )
    for start in np.linspace(0, len(samples) - 9, count).astype(int):
        yield {"crops": stack_inputs([crop_to_input(c) for c in samples[start : start + 8]])}


def page_examples(shard: Path, count: int) -> Iterator[Inputs]:
    """Whole pages, cut to multiples of 32 pixels."""
    for image, _ in read_shard_pages(shard)[:count]:
        height, width = (side // 32 * 32 for side in image.shape)
        yield {"pages": page_to_input(image)[None, None, :height, :width]}


def quantize(source: Path, target: Path, examples: Iterator[Inputs], skip: tuple[str, ...]) -> None:
    """Write ``source`` with 8-bit convolutions, LSTMs and products of matrices to ``target``;
    convolutions and sums whose name contains one of ``skip`` stay as they are."""
    import onnx

    with tempfile.TemporaryDirectory() as folder:
        ready, static = Path(folder) / "ready.onnx", Path(folder) / "static.onnx"
        quant_pre_process(str(source), str(ready), skip_symbolic_shape=True)
        names = [
            node.name
            for node in onnx.load(str(ready)).graph.node
            if node.op_type in ("Conv", "Add")
        ]
        kept = [name for name in names if any(word in name for word in skip)]
        quantize_static(
            str(ready),
            str(static),
            Examples(examples),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv", "Add", "Relu"],
            nodes_to_exclude=kept,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
            extra_options={"ActivationSymmetric": False, "CalibMovingAverage": True},
        )
        quantize_dynamic(
            str(static),
            str(target),
            op_types_to_quantize=["LSTM", "MatMul"],
            per_channel=True,
            weight_type=QuantType.QInt8,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", choices=("recognizer", "detector"))
    parser.add_argument("--source", type=Path, required=True)
    parser.add_argument("--target", type=Path, required=True)
    parser.add_argument("--shards", type=Path, default=Path("runs/shards"))
    parser.add_argument("--count", type=int, default=40, help="calibration batches or pages")
    args = parser.parse_args()
    shard = sorted(args.shards.glob("*.npz"))[-1]
    examples = crop_examples if args.model == "recognizer" else page_examples
    quantize(args.source, args.target, examples(shard, args.count), IN_FLOAT[args.model])
