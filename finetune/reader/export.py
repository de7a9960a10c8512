"""Write the trained reader as four ONNX graphs, its vocabulary and configuration.

    python -m finetune.reader export --checkpoint runs/reader/last.pt

Large weights are stored as int8 with a scale for each column, the table of pieces with one for
each row; all graphs compute in float32. The pointer takes several queries at once, and gives each
what it would give it alone. Temperatures are fitted on the validation split of the training
mixture.
"""

from __future__ import annotations

import argparse
import json
import shutil
import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from torch import Tensor, nn

from docagent.reader.config import FORMAT
from docagent.reader.features import FEATURES
from docagent.reader.matching import MATCHES
from finetune.reader.checkpoint import load_average
from finetune.reader.encoder import HEADS, WIDTH, encoder_folder
from finetune.reader.network import NEAR, PieceEncoder, Reader
from finetune.reader.validate import Validation, fit_temperatures

TABLE = "pieces.weight"
LARGE = 20_000
"""Numbers in a weight that is worth storing in 8 bits."""


class LayoutGraph(nn.Module):
    """(n, 4), (n,) -> bias of the page's layers (HEADS, n, n), weights of neighbours
    (NEAR, n, n)."""

    def __init__(self, model: Reader) -> None:
        super().__init__()
        self.bias = model.bias

    def forward(self, layout: Tensor, lines: Tensor) -> tuple[Tensor, Tensor]:
        both = self.bias(layout[None], lines[None])[0].permute(2, 0, 1)
        return both[:HEADS], both[HEADS:].softmax(-1)


class WordsGraph(nn.Module):
    """Words after the lower layers (n, WIDTH), bias (HEADS, n, n) -> what all queries to a page
    share, see ``Pointer.prepare``, without the first axis."""

    def __init__(self, model: Reader) -> None:
        super().__init__()
        self.model = model

    def forward(self, words: Tensor, bias: Tensor) -> tuple[Tensor, ...]:
        upper = self.model.upper(words[None], bias[None])
        return tuple(part[0] for part in self.model.pointer.prepare(words[None], upper))


class PointerGraph(nn.Module):
    """What queries to one page share, neighbours (NEAR, n, n), queries of one length
    (q, t, WIDTH), multiple (q,), matches (q, n, MATCHES) -> points (q, n, 5), absent (q,)."""

    def __init__(self, model: Reader) -> None:
        super().__init__()
        self.pointer = model.pointer

    def forward(
        self, near: Tensor, query: Tensor, multiple: Tensor, matches: Tensor, *page: Tensor
    ) -> tuple[Tensor, Tensor]:
        points, absent = self.pointer(
            tuple(part[None] for part in page),
            (near[None], torch.ones_like(near[:1, 0])),
            query[None],
            torch.ones_like(query[None, ..., 0]),
            multiple[None],
            matches[None],
        )
        return points[0], absent[0]


def export(model: Reader, folder: Path) -> None:
    """Write reader_layout, reader_encoder, reader_words and reader_pointer (.onnx)."""
    t, n = 5, 4
    words, bias = torch.rand(n, WIDTH), torch.zeros(HEADS, n, n)
    page = [f"page{i}" for i in range(2 + 2 * len(model.pointer.layers))]
    heads = {name: {0: "n"} if i < 2 else {1: "n"} for i, name in enumerate(page)}
    square = {1: "n", 2: "n"}
    _trace(
        LayoutGraph(model),
        (torch.rand(n, 4), torch.arange(n)),
        folder / "reader_layout.onnx",
        {"layout": {0: "n"}, "lines": {0: "n"}},
        {"bias": square, "near": square},
    )
    _trace(
        _Encoder(model.encoder),
        (
            torch.tensor([[101, 2054, 2003, 1996, 102], [101, 2054, 102, 0, 0]]),
            torch.rand(2, t, FEATURES),
            torch.zeros(2, HEADS, t, t),
        ),
        folder / "reader_encoder.onnx",
        {
            "tokens": {0: "b", 1: "t"},
            "features": {0: "b", 1: "t"},
            "bias": {0: "b", 1: "h", 2: "r", 3: "t"},
        },
        {"hidden": {0: "b", 1: "t"}},
    )
    _trace(
        WordsGraph(model),
        (words, bias),
        folder / "reader_words.onnx",
        {"words": {0: "n"}, "bias": square},
        heads,
    )
    prepared = WordsGraph(model)(words, bias)
    _trace(
        PointerGraph(model),
        (
            torch.full((NEAR, n, n), 1 / n),
            torch.rand(3, t, WIDTH),
            torch.tensor([1, 0, 0]),
            torch.zeros(3, n, MATCHES),
            *prepared,
        ),
        folder / "reader_pointer.onnx",
        {
            "near": square,
            "query": {0: "q", 1: "t"},
            "multiple": {0: "q"},
            "matches": {0: "q", 1: "n"},
            **heads,
        },
        {"points": {0: "q", 1: "n"}, "absent": {0: "q"}},
    )
    for part in ("encoder", "words", "pointer"):
        path = folder / f"reader_{part}.onnx"
        graph = onnx.load(str(path))
        if part == "encoder":
            _shrink_table(graph)
        _shrink_weights(graph)
        onnx.checker.check_model(graph)
        onnx.save(graph, str(path))


class _Encoder(nn.Module):
    def __init__(self, encoder: PieceEncoder) -> None:
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


def _shrink_weights(model: onnx.ModelProto) -> None:
    """Store large weights as int8 with a scale for each column. ONNX Runtime folds the products
    when it loads and computes in float32, in which what is computed together does not matter."""
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
    parser.add_argument("--checkpoint", type=Path, default=Path("runs/reader/last.pt"))
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
        "format": FORMAT,
        "features": FEATURES + MATCHES,
        "span_temperature": round(span, 3),
        "tag_temperature": round(tag, 3),
        "steps": steps,
        "training_seconds": round(seconds),
        **model.config.as_dict(),
    }
    (args.output / "reader.json").write_text(json.dumps(config, indent=2) + "\n")
    print(json.dumps(config))
