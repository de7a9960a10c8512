"""Samples for the LLaVA on their way to its training: the same ones however fast, from workers or
from disk, and a training that ends in time with what it made."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from functools import partial
from itertools import chain, islice
from pathlib import Path

import numpy as np
import pytest

pytestmark = [
    pytest.mark.train,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from finetune.llava import train as training  # noqa: E402
from finetune.llava.batch_workers import BatchStream  # noqa: E402
from finetune.llava.batches import IGNORED, encoded_samples, pad_batch, samples  # noqa: E402
from finetune.llava.checkpoint import load_checkpoint_folder, pixel_values  # noqa: E402
from finetune.llava.config import DataConfig, load_settings  # noqa: E402
from finetune.llava.documents import draw_document, read_document  # noqa: E402
from finetune.llava.encoding import Encoded, as_blocks, encode, message_pictures, render  # noqa: E402
from finetune.llava.shards import TOGETHER, ShardFolder, read_shard, write_shard  # noqa: E402
from finetune.llava.tasks import Sample, ask_samples, make_sample  # noqa: E402
from finetune.llava.trainer import Tally, Trainer, compile_layers  # noqa: E402
from tests.llava_models import mini_settings, untrained  # noqa: E402

CONFIGS = Path(__file__).parents[1] / "finetune" / "configs"


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for a training, with its untrained checkpoint."""
    return untrained(tmp_path_factory.mktemp("llava"))


def one_by_one(data: DataConfig, rng: random.Random) -> Iterator[tuple[Sample, ...]]:
    """The samples of a configuration, with every page drawn anew for each reading."""
    pool = []
    while True:
        if len(pool) < 8:
            pool += [draw_document([data.draw_kind(rng)], rng) for _ in range(8)] * data.readings
            rng.shuffle(pool)
        read = read_document(pool.pop(), rng, noise=data.noise)
        for _ in range(data.samples if read is not None else 0):
            sample = make_sample(read, rng, data.asked)
            if sample is not None and sample.task == "ask" and data.questions > 1:
                most = rng.randint(1, data.questions)
                yield ask_samples(read, rng, data.asked, most) or (sample,)
            elif sample is not None:
                yield (sample,)


def test_the_tiny_configuration_gives_the_samples_it_always_gave() -> None:
    """The shipped checkpoint and its scores depend on them."""
    data = load_settings(CONFIGS / "llava_tiny.yaml").data
    stream, expected = (make(data, random.Random(7)) for make in (samples, one_by_one))
    pictures = 0
    for made, right in islice(zip(stream, expected, strict=False), 60):
        assert made == right
        pictures += sum(len(message_pictures(sample.messages)) for sample in made)
    assert pictures


def test_pictures_and_tokens_are_those_of_the_processor(start: Path) -> None:
    _, processor = load_checkpoint_folder(start / "start")
    data = mini_settings().data.replace(images=(0, 1, 2))
    shown = 0
    for sample in islice(chain.from_iterable(samples(data, random.Random(2))), 12):
        pictures = message_pictures(sample.messages)
        text = render(processor, as_blocks(sample.messages))
        right = processor(text=[text], images=pictures or None, return_tensors="np")
        made = encode(processor, sample.messages, sample.answer)
        assert made.ids[: made.start].tolist() == right["input_ids"][0].tolist()
        if pictures:
            assert made.pixels is not None
            assert np.array_equal(pixel_values(made.pixels).numpy(), right["pixel_values"])
            shown += len(pictures)
    assert shown > 3


def encoded(start: Path, count: int, seed: int = 4) -> list[Encoded]:
    _, processor = load_checkpoint_folder(start / "start")
    data = mini_settings().data.replace(questions=3)
    return list(islice(encoded_samples(processor, data, random.Random(seed), lambda: 1500), count))


def same(one: Encoded, other: Encoded) -> bool:
    spans = [e.answers or ((e.start, len(e.ids)),) for e in (one, other)]
    pictures = [np.zeros(0) if e.pixels is None else e.pixels for e in (one, other)]
    return (
        np.array_equal(one.ids, other.ids)
        and one.start == other.start
        and spans[0] == spans[1]
        and np.array_equal(*pictures)
    )


def test_shards_and_back(start: Path, tmp_path: Path) -> None:
    made = encoded(start, 10)
    assert any(one.pixels is not None for one in made)
    text = [one for one in made if one.pixels is None] or [numbered(3)]
    for name, some in (("all", made), ("text", text)):
        write_shard(tmp_path / f"{name}.npz", iter(some))
        again = read_shard(tmp_path / f"{name}.npz")
        assert len(again) == len(some)
        assert all(map(same, some, again))
    assert not list(tmp_path.glob("*.part"))


def numbered(number: int) -> Encoded:
    return Encoded(np.array([number, 1, 2], np.int32), 1)


def test_what_was_read_least_is_read_next_also_after_a_restart(tmp_path: Path) -> None:
    shards = ShardFolder(tmp_path, tmp_path / "read.json")
    for number in range(TOGETHER):
        write_shard(tmp_path / f"{number}.npz", iter([numbered(number)]))
    stream = shards.read(random.Random(1))
    assert sorted(int(next(stream).ids[0]) for _ in range(TOGETHER)) == list(range(TOGETHER))
    next(stream)  # all were read once; they come again while there is nothing new
    for number in range(TOGETHER, 2 * TOGETHER):
        write_shard(tmp_path / f"{number}.npz", iter([numbered(number)]))
    again = shards.read(random.Random(1))
    new = sorted(int(next(again).ids[0]) for _ in range(TOGETHER))
    assert new == list(range(TOGETHER, 2 * TOGETHER))


def test_a_full_folder_loses_what_was_read(tmp_path: Path) -> None:
    for number in range(3 * TOGETHER):
        write_shard(tmp_path / f"{number:02d}.npz", iter([numbered(number)]))
    size = sum(file.stat().st_size for file in tmp_path.glob("*.npz"))
    shards = ShardFolder(tmp_path, tmp_path / "read.json", most=0.8 * size)
    list(islice(shards.read(random.Random(1)), TOGETHER + 1))
    left = sum(file.stat().st_size for file in shards.files())
    assert left < shards.most
    assert {f"{n:02d}.npz" for n in range(TOGETHER, 3 * TOGETHER)} <= {
        file.name for file in shards.files()
    }


def test_seeds_of_shards_are_not_used_twice(tmp_path: Path) -> None:
    shards = ShardFolder(tmp_path, tmp_path / "read.json")
    write_shard(tmp_path / "000000007_00000.npz", iter([numbered(1)]))
    assert shards.free_seed(6) == 6
    assert shards.free_seed(7) == 1007


def test_shards_of_another_tokenizer_are_refused(start: Path, tmp_path: Path) -> None:
    shards = ShardFolder(tmp_path / "shards", tmp_path / "read.json")
    shards.claim(start / "start")
    shards.claim(start / "start")
    for name in ("tokenizer.json", "processor_config.json"):
        (tmp_path / name).write_text("{}")
    with pytest.raises(ValueError, match="another tokenizer"):
        shards.claim(tmp_path)


def test_a_step_in_passes_is_the_step_of_all_at_once(start: Path) -> None:
    """Every answer token counts alike, however the passes are cut."""
    made = encoded(start, 5)
    pad = load_checkpoint_folder(start / "start")[1].tokenizer.pad_token_id
    whole = [pad_batch(made, pad)]
    parts = [pad_batch(made[:1], pad), pad_batch(made[1:], pad)]
    counts = [int((part["labels"] != IGNORED).sum()) for part in parts]
    assert counts[0] != counts[1]
    weights, tallies = [], []
    for batches in (whole, parts):
        trainer, tally = Trainer(mini_settings(), start, minutes=9), Tally()
        trainer.step(batches, tally)
        weights.append(dict(trainer.model.named_parameters()))
        tallies.append(tally)
    one, other = tallies
    assert float(one.loss) == pytest.approx(float(other.loss), rel=0.005)
    assert (one.answer_tokens, one.tokens, one.steps) == (other.answer_tokens, other.tokens, 1)
    assert one.places > other.places
    name = "model.language_model.layers.0.mlp.up_proj.weight"
    moved = (weights[0][name] - weights[1][name]).abs()
    assert moved.max() <= 2 * mini_settings().training.rate  # of Adam's first steps


def test_layers_are_compiled_in_place(start: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, _ = load_checkpoint_folder(start / "start")
    compiled = []
    monkeypatch.setattr(torch.nn.Module, "compile", lambda self, **_: compiled.append(self))
    names = list(model.state_dict())
    compile_layers(model)
    assert len(compiled) == 4  # two of the tower, two of the language model
    assert list(model.state_dict()) == names


def run(monkeypatch: pytest.MonkeyPatch, output: Path, *given: str) -> None:
    config = output / "mini.yaml"
    settings = mini_settings().model_dump(mode="json")
    config.write_text(json.dumps(settings | {"training": settings["training"] | {"sorted": 8}}))
    monkeypatch.setattr("signal.signal", lambda *_: None)
    common = ("x", "--config", str(config), "--output", str(output), "--score-every", "0")
    monkeypatch.setattr("sys.argv", [*common, *given])
    training.main()


def log_rows(output: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (output / "log.jsonl").read_text().splitlines()]


def test_a_training_goes_on_with_its_shards(
    start: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(training, "ShardFolder", partial(ShardFolder, samples=16))
    given = ("--start", str(start / "start"), "--shards", str(tmp_path / "shards"), "--compile")
    run(monkeypatch, tmp_path, *given, "--steps", "2", "--tokens", "2048")
    assert torch.cuda.is_available() or "--compile is for a GPU" in capsys.readouterr().out
    (row,) = log_rows(tmp_path)
    assert row["step"] == 2
    assert row["worker_tokens_a_second"] > 0
    assert 0 <= row["waited"] <= 1
    assert 0 <= row["padding"] < 0.9
    made = {file.name for file in (tmp_path / "shards").glob("*.npz")}
    assert made
    run(monkeypatch, tmp_path, *given, "--steps", "1", "--tokens", "2048")
    assert "resumed: True" in capsys.readouterr().out
    assert log_rows(tmp_path)[-1]["step"] == 3
    assert made <= {file.name for file in (tmp_path / "shards").glob("*.npz")}
    load_checkpoint_folder(tmp_path / "checkpoint")


def test_steps_end_in_time_for_the_checkpoint(
    start: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("signal.signal", lambda *_: None)
    settings = mini_settings()
    # A configuration has at least one worker; without any the stream stays empty.
    idle = type(settings.training).model_construct(**dict(settings.training) | {"workers": 0})
    data = BatchStream(start, settings.replace(training=idle), 1500, 1)
    batch = pad_batch(encoded(start, 2), 0)
    trainer = Trainer(settings, start, minutes=0.05)
    trainer.output = tmp_path
    monkeypatch.setattr(trainer, "save", lambda: 0.3)
    data._ready.put(batch)  # and none after it: the wait for more ends too
    training.train(trainer, data, score_every=0)
    assert trainer.steps == 1
    assert 2.7 <= trainer.clock.budget < 3
    assert trainer.clock.progress == 1
    assert trainer.clock.elapsed < 60  # not the five minutes of a queue
    assert log_rows(tmp_path)[-1]["waited"] > 0


def test_shards_alone_are_asked_for_with_their_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        run(monkeypatch, tmp_path, "--make-only")
    assert "--make-only needs --shards" in capsys.readouterr().err
