"""Smoke test of the pretrained reader's training: windows, a few steps, export, serving."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.train

torch = pytest.importorskip("torch")

from docagent.reader.loading import load_reader  # noqa: E402
from docagent.reader.matching import MATCHES  # noqa: E402
from docagent.reader.piece_features import FEATURES  # noqa: E402
from docagent.reader.pretrained import PretrainedReader  # noqa: E402
from docagent.reader.types import Query  # noqa: E402
from docagent.reader.wordpiece import WordPiece  # noqa: E402
from docagent.settings import Settings  # noqa: E402
from finetune.reader.pretrained.checkpoint import load_average  # noqa: E402
from finetune.reader.pretrained.encoder import load_pretrained  # noqa: E402
from finetune.reader.pretrained.export import export  # noqa: E402
from finetune.reader.pretrained.network import Reader, ReaderConfig  # noqa: E402
from finetune.reader.pretrained.page_data import find_value  # noqa: E402
from finetune.reader.pretrained.text_data import TextWords  # noqa: E402
from finetune.reader.pretrained.train import begin, train  # noqa: E402
from finetune.reader.pretrained.windows import Batch, batches, make_sample  # noqa: E402
from finetune.training import Plan, Progress  # noqa: E402
from tests.documents import document_of  # noqa: E402
from tests.pretrained_vocabulary import write_vocabulary  # noqa: E402
from tests.test_train_reader import page_with_total  # noqa: E402


@pytest.fixture(scope="module")
def vocabulary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("encoder") / "reader_vocabulary.txt"
    write_vocabulary(path)
    return path


def test_offsets_become_words() -> None:
    text = "This Agreement is made by\n\nAcme Inc. and others"
    words = TextWords.of(text)
    start, end = words.span(text.index("Acme"), len("Acme Inc."))
    assert words.texts[start:end] == ("Acme", "Inc.")
    assert words.paragraphs[0] != words.paragraphs[start]


@pytest.mark.parametrize(
    ("value", "found"),
    [("RM 12.50", ((1, 2),)), ("rm12.50", ((1, 2),)), ("12.5", ()), ("Total", ((0,), (3,)))],
)
def test_values_are_found_by_letters_and_digits(
    value: str, found: tuple[tuple[int, ...], ...]
) -> None:
    assert find_value(["Total:", "RM", "12.50", "TOTAL"], value) == found


def test_a_start_is_the_pretrained_network(tmp_path: Path) -> None:
    """What MiniLM's file holds is where the network computes with it."""
    safetensors = pytest.importorskip("safetensors.torch")
    model = Reader(ReaderConfig())
    layers = [*model.encoder.layers, *model.pointer.layers]
    saved = {
        "embeddings.word_embeddings.weight": torch.rand(30522, 384),
        "embeddings.position_embeddings.weight": torch.rand(512, 384),
        "embeddings.token_type_embeddings.weight": torch.rand(2, 384),
        "embeddings.LayerNorm.weight": torch.rand(384),
        "embeddings.LayerNorm.bias": torch.rand(384),
    }
    shapes = {
        "attention.self.query": (384, 384),
        "attention.self.key": (384, 384),
        "attention.self.value": (384, 384),
        "attention.output.dense": (384, 384),
        "intermediate.dense": (1536, 384),
        "output.dense": (384, 1536),
    }
    for index in range(len(layers)):
        for name, shape in shapes.items():
            saved[f"encoder.layer.{index}.{name}.weight"] = torch.rand(shape)
            saved[f"encoder.layer.{index}.{name}.bias"] = torch.rand(shape[0])
        for name in ("attention.output.LayerNorm", "output.LayerNorm"):
            saved[f"encoder.layer.{index}.{name}.weight"] = torch.rand(384)
            saved[f"encoder.layer.{index}.{name}.bias"] = torch.rand(384)
    safetensors.save_file(saved, tmp_path / "model.safetensors")
    load_pretrained(tmp_path, model.encoder.embedding, torch.nn.ModuleList(layers))
    last = model.pointer.layers[-1]
    assert torch.equal(last.down.weight, saved["encoder.layer.5.output.dense.weight"])
    key = saved["encoder.layer.5.attention.self.key.weight"]
    assert torch.equal(last.qkv.weight[384:768], key)


def test_train_export_serve(tmp_path: Path, vocabulary: Path) -> None:
    torch.set_num_threads(1)
    pieces = WordPiece(vocabulary)

    def data(progress: Progress) -> Iterator[Batch]:
        rng = random.Random(1)
        while True:
            made = [make_sample(page_with_total(v), rng, pieces) for v in range(10, 26)]
            yield from batches([sample for sample in made if sample is not None], rng)

    plan = Plan(1e-3, steps=3, warmup=1, save_minutes=60, log_every=1)
    assert train(begin(None, None), plan, tmp_path, data).steps == 3
    model, steps, _ = load_average(tmp_path / "last.pt")
    assert steps == 3
    with torch.no_grad():
        export(model, tmp_path)
    (tmp_path / vocabulary.name).write_bytes(vocabulary.read_bytes())
    config = {
        "format": 2,
        "features": FEATURES + MATCHES,
        "span_temperature": 1,
        "tag_temperature": 1,
    }
    (tmp_path / "reader.json").write_text(json.dumps(config))
    reader = load_reader(Settings(weights_dir=tmp_path, threads=2))
    assert isinstance(reader, PretrainedReader)
    document = document_of(["Net 12.00", "Total 14.00"], ["Tax 2.00 " * 150])
    queries = [Query(text="total"), Query(text="due date of the whole", multiple=True)] * 3
    together = reader.read(document, queries)
    alone = [reader.read(document, [query])[0] for query in queries]
    assert together == alone
    assert all(0 <= reading.absent <= 1 for reading in together)
    assert together[0].spans
    assert reader.read(document, []) == []
