"""Write the trained reader as three ONNX graphs in 8 bits, its vocabulary and configuration.

    python -m finetune.reader.pretrained export --checkpoint runs/reader_pretrained/last.pt

Products of matrices get int8 weights per channel and activations quantised as they come; the
table of pieces is int8 with a scale a row; the rest is float32. Temperatures are fitted on the
validation split of the training mixture.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import Tensor, nn

from docagent.reader.piece_features import FEATURES
from finetune.reader.pretrained.checkpoint import load_average
from finetune.reader.pretrained.encoder import HEADS, WIDTH, encoder_folder
from finetune.reader.pretrained.network import PageEncoder, Pointer, Reader
from finetune.reader.pretrained.validate import Validation, fit_temperatures

TABLE = "pieces.weight"
LARGE = 20_000
"""Numbers in a weight that is worth storing in 8 bits."""


class LayoutGraph(nn.Module):
    """(n, 4), (n,) -> biases of the lower and of the upper layers, (HEADS, n, n) each."""

    def __init__(self, model: Reader) -> None:
        super().__init__()
        self.bias = model.bias

    def forward(self, layout: Tensor, lines: Tensor) -> tuple[Tensor, Tensor]:
        both = self.bias(layout[None], lines[None])[0].permute(2, 0, 1)
        return both[:HEADS], both[HEADS:]


class PointerGraph(nn.Module):
    """One window and q queries: words (n, WIDTH), bias (HEADS, n, n), query (q, t, WIDTH), hidden
    (q, t) far below zero at padding, multiple (q,) -> points (q, n, 5), absent (q,)."""

    def __init__(self, pointer: Pointer) -> None:
        super().__init__()
        self.pointer = pointer

    def forward(
        self, words: Tensor, bias: Tensor, query: Tensor, hidden: Tensor, multiple: Tensor
    ) -> tuple[Tensor, Tensor]:
        count, length = query.shape[0], query.shape[1]
        n = words.shape[0]
        whole = nn.functional.pad(bias, (length, 0, length, 0))
        shown = torch.cat([hidden, hidden.new_zeros(count, n)], 1)
        joint = whole[None] + shown[:, None, None, :]
        out: tuple[Tensor, Tensor] = self.pointer(
            words[None].expand(count, n, WIDTH), query, multiple, joint
        )
        return out


def export(model: Reader, folder: Path) -> None:
    """Write reader_layout.onnx, reader_encoder.onnx and reader_pointer.onnx."""
    t, n, q = 5, 4, 2
    layout = torch.rand(n, 4)
    lines = torch.arange(n)
    _trace(
        LayoutGraph(model),
        (layout, lines),
        folder / "reader_layout.onnx",
        {"layout": {0: "n"}, "lines": {0: "n"}},
        {"lower": {1: "n", 2: "n"}, "upper": {1: "n", 2: "n"}},
    )
    with tempfile.TemporaryDirectory() as temporary:
        plain = Path(temporary)
        tokens = torch.tensor([[101, 2054, 2003, 1996, 102], [101, 2054, 102, 0, 0]])
        _trace(
            _Encoder(model.encoder),
            (tokens, torch.rand(2, t, FEATURES), torch.zeros(2, HEADS, t, t)),
            plain / "encoder.onnx",
            {
                "tokens": {0: "b", 1: "t"},
                "features": {0: "b", 1: "t"},
                "bias": {0: "b", 1: "h", 2: "r", 3: "t"},
            },
            {"hidden": {0: "b", 1: "t"}},
        )
        _trace(
            PointerGraph(model.pointer),
            (
                torch.rand(n, WIDTH),
                torch.zeros(HEADS, n, n),
                torch.rand(q, t, WIDTH),
                torch.zeros(q, t),
                torch.tensor([0, 1]),
            ),
            plain / "pointer.onnx",
            {
                "words": {0: "n"},
                "bias": {1: "n", 2: "n"},
                "query": {0: "q", 1: "t"},
                "hidden": {0: "q", 1: "t"},
                "multiple": {0: "q"},
            },
            {"points": {0: "q", 1: "n"}, "absent": {0: "q"}},
        )
        _quantize(plain / "pointer.onnx", folder / "reader_pointer.onnx")
        encoder = onnx.load(str(plain / "encoder.onnx"))
    _shrink_table(encoder)
    _shrink_weights(encoder)
    onnx.checker.check_model(encoder)
    onnx.save(encoder, str(folder / "reader_encoder.onnx"))


class _Encoder(nn.Module):
    def __init__(self, encoder: PageEncoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, tokens: Tensor, features: Tensor, bias: Tensor) -> Tensor:
        hidden: Tensor = self.encoder(tokens, features, bias)
        return hidden


def _trace(
    module: nn.Module,
    inputs: tuple[Tensor, ...],
    path: Path,
    taken: dict[str, dict[int, str]],
    given: dict[str, dict[int, str]],
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module.eval(),
            inputs,
            str(path),
            input_names=list(taken),
            output_names=list(given),
            dynamic_axes={**taken, **given},
            opset_version=17,
            dynamo=False,
        )


def _quantize(source: Path, target: Path) -> None:
    """8-bit weights for products of matrices, but not for the heads, which are small."""
    heads = [
        node.name
        for node in onnx.load(str(source)).graph.node
        if node.op_type == "MatMul" and ("points" in node.name or "features" in node.name)
    ]
    quantize_dynamic(
        str(source),
        str(target),
        op_types_to_quantize=["MatMul"],
        nodes_to_exclude=heads,
        per_channel=True,
        weight_type=QuantType.QInt8,
        extra_options={"MatMulConstBOnly": True},
    )


def _shrink_weights(model: onnx.ModelProto) -> None:
    """Store large weights as int8 with a scale for each column. ONNX Runtime folds the products
    when it loads, so that it computes in float32: what one query gets does not depend on others,
    and the encoder runs but once for all queries."""
    kept, nodes = [], []
    for weight in model.graph.initializer:
        array = numpy_helper.to_array(weight)
        if array.dtype != np.float32 or array.ndim != 2 or array.size < LARGE:
            kept.append(weight)
            continue
        scale = np.maximum(np.abs(array).max(0, keepdims=True), 1e-8) / 127
        small, factor, wide = (weight.name + end for end in (".int8", ".scale", ".float"))
        kept.append(numpy_helper.from_array(np.round(array / scale).astype(np.int8), small))
        kept.append(numpy_helper.from_array(scale.astype(np.float32), factor))
        nodes.append(helper.make_node("Cast", [small], [wide], to=onnx.TensorProto.FLOAT))
        nodes.append(helper.make_node("Mul", [wide, factor], [weight.name]))
    nodes += model.graph.node
    del model.graph.initializer[:], model.graph.node[:]
    model.graph.initializer.extend(kept)
    model.graph.node.extend(nodes)


def _shrink_table(model: onnx.ModelProto) -> None:
    """Store the table of pieces as int8 with a scale for each row."""
    (table,) = (w for w in model.graph.initializer if w.name.endswith(TABLE))
    rows = numpy_helper.to_array(table)
    scale = np.maximum(np.abs(rows).max(1, keepdims=True), 1e-8) / 127
    (gather,) = (n for n in model.graph.node if n.op_type == "Gather" and n.input[0] == table.name)
    places, out = gather.input[1], gather.output[0]
    model.graph.initializer.remove(table)
    model.graph.initializer.extend(
        [
            numpy_helper.from_array(np.round(rows / scale).astype(np.int8), "pieces.int8"),
            numpy_helper.from_array(scale.astype(np.float32), "pieces.scale"),
        ]
    )
    at = list(model.graph.node).index(gather)
    model.graph.node.remove(gather)
    nodes = [
        helper.make_node("Gather", ["pieces.int8", places], ["pieces.rows"], axis=0),
        helper.make_node("Cast", ["pieces.rows"], ["pieces.floats"], to=onnx.TensorProto.FLOAT),
        helper.make_node("Gather", ["pieces.scale", places], ["pieces.scales"], axis=0),
        helper.make_node("Mul", ["pieces.floats", "pieces.scales"], [out]),
    ]
    for offset, node in enumerate(nodes):
        model.graph.node.insert(at + offset, node)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--checkpoint", type=Path, default=Path("runs/reader_pretrained/last.pt"))
    parser.add_argument("--encoder", type=Path, help="folder of all-MiniLM-L6-v2")
    parser.add_argument("--pdfs", type=Path, default=Path("runs/reader_pages.pkl"))
    parser.add_argument("--output", type=Path, default=Path("docagent/weights"))
    parser.add_argument("--pages", type=int, default=150, help="pages to fit temperatures on")
    args = parser.parse_args()
    encoder = encoder_folder(args.encoder)
    torch.set_num_threads(1)
    model, steps, seconds = load_average(args.checkpoint)
    args.output.mkdir(parents=True, exist_ok=True)
    shutil.copy(encoder / "vocab.txt", args.output / "reader_vocabulary.txt")
    with torch.no_grad():
        held_out = Validation(args.pdfs, encoder / "vocab.txt", args.pages)
        span, tag = fit_temperatures(model, held_out.all())
        export(model, args.output)
    config = {
        "format": 2,
        "features": FEATURES,
        "span_temperature": round(span, 3),
        "tag_temperature": round(tag, 3),
        "steps": steps,
        "training_seconds": round(seconds),
        **model.config.as_dict(),
    }
    (args.output / "reader.json").write_text(json.dumps(config, indent=2) + "\n")
    print(json.dumps(config))
