"""Smoke test of the reader's training: windows, a few steps, export, serving."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from finetune.reader.noise import CleanPage, CleanQuery, ReadPage, ReadWord, misread

pytestmark = pytest.mark.train

torch = pytest.importorskip("torch")

from docagent.reader.config import FORMAT  # noqa: E402
from docagent.reader.embedded import EmbeddedReader, load_reader  # noqa: E402
from docagent.reader.features import FEATURES  # noqa: E402
from docagent.reader.matching import MATCHES  # noqa: E402
from docagent.reader.types import Query  # noqa: E402
from docagent.reader.wordpiece import WordPiece  # noqa: E402
from docagent.settings import Settings  # noqa: E402
from finetune.reader.checkpoint import load_average  # noqa: E402
from finetune.reader.data import find_target, is_held_out  # noqa: E402
from finetune.reader.encoder import load_pretrained  # noqa: E402
from finetune.reader.export import export  # noqa: E402
from finetune.reader.losses import reader_loss, span_scores  # noqa: E402
from finetune.reader.network import Reader, ReaderConfig  # noqa: E402
from finetune.reader.page_data import find_value  # noqa: E402
from finetune.reader.text_data import TextWords  # noqa: E402
from finetune.reader.train import begin, train  # noqa: E402
from finetune.reader.windows import Batch, batches, make_sample  # noqa: E402
from finetune.training import Plan, Progress  # noqa: E402
from tests.documents import document_of  # noqa: E402
from tests.pretrained_vocabulary import write_vocabulary  # noqa: E402


@pytest.fixture(scope="module")
def vocabulary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("encoder") / "reader_vocabulary.txt"
    write_vocabulary(path)
    return path


def page_with_total(value: int) -> CleanPage:
    """Three rows of a label and an amount; asks for the total and for what is not there."""
    texts, boxes = [], []
    for row, label in enumerate(("Net", "Tax", "Total")):
        texts += [label, f"{value + row}.00"]
        top = 20.0 * row
        boxes += [(10.0, top, 60.0, top + 10), (70.0, top, 99.0, top + 10)]
    queries = (
        CleanQuery("total", False, "total", ((5,),)),
        CleanQuery("due date", False, "due_date", ()),
        CleanQuery("amounts", True, "rows[*]", ((1,), (3,), (5,))),
    )
    return CleanPage("receipt", 100, 60, tuple(texts), tuple(boxes), queries)


def read_as(*sources: tuple[int, ...]) -> ReadPage:
    words = tuple(ReadWord("x", (i, 0.0, i + 1.0, 1.0), s) for i, s in enumerate(sources))
    return ReadPage(words, (0,) * len(words), 10, 10)


@pytest.mark.parametrize(
    ("page", "spans"),
    [
        (read_as((0,), (1,), (2,), (3,)), ((1, 2),)),
        (read_as((0,), (1, 2), (3,)), ((1, 1),)),
        (read_as((0,), (1,), (1,), (2,)), ((1, 3),)),
        (read_as((0,), (3,)), ()),
        (read_as((1,), (0,), (2,)), None),
    ],
)
def test_targets_follow_split_joined_lost_and_torn_words(
    page: ReadPage, spans: tuple[tuple[int, int], ...] | None
) -> None:
    target = find_target(CleanQuery("q", False, "p", ((1, 2),)), page)
    assert (target.spans if target else None) == spans


def test_misreading_changes_little() -> None:
    rng = random.Random(3)
    for _ in range(200):
        assert abs(len(misread(rng, "Total")) - 5) <= 2


def test_samples_ask_nothing_held_out(vocabulary: Path) -> None:
    page, pieces = page_with_total(10), WordPiece(vocabulary)
    kept = {q.text for q in page.queries if not is_held_out(q)}
    for seed in range(20):
        sample = make_sample(page, random.Random(seed), pieces)
        assert sample is None or {q.text for q in sample.asked} <= kept


def test_span_scores_stay_on_the_page() -> None:
    points, mask = torch.zeros(1, 1, 4, 5), torch.tensor([[1.0, 1.0, 1.0, 0.0]])
    possible = (span_scores(points, mask) > -1).sum().item()
    assert possible == 6  # spans of three words


def test_loss_falls_when_the_right_span_scores_higher() -> None:
    points, absent, mask = torch.zeros(1, 1, 4, 5), torch.zeros(1, 1), torch.ones(1, 4)
    spans, tags = torch.tensor([[0, 0, 1, 2]]), torch.zeros(1, 1, 4, dtype=torch.long)
    before, _ = reader_loss(points, absent, mask, spans, tags)
    points[0, 0, 1, 0] = points[0, 0, 2, 1] = 5.0
    after, _ = reader_loss(points, absent, mask, spans, tags)
    assert after < before - 1


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
        "format": FORMAT,
        "features": FEATURES + MATCHES,
        "span_temperature": 1,
        "tag_temperature": 1,
    }
    (tmp_path / "reader.json").write_text(json.dumps(config))
    reader = load_reader(Settings(weights_dir=tmp_path, threads=2))
    assert isinstance(reader, EmbeddedReader)
    document = document_of(["Net 12.00", "Total 14.00"], ["Tax 2.00 " * 150])
    queries = [Query(text="total"), Query(text="due date of the whole", multiple=True)] * 3
    together = reader.read(document, queries)
    alone = [reader.read(document, [query])[0] for query in queries]
    assert together == alone
    assert all(0 <= reading.absent <= 1 for reading in together)
    assert together[0].spans
    assert reader.read(document, []) == []
