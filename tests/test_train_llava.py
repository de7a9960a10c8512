"""The LLaVA of our own: built, copying before it is trained, trained, resumed, saved."""

from __future__ import annotations

import importlib
import random
from itertools import islice
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

from safetensors.torch import load_file  # noqa: E402

from docagent.cascade.answer_format import units_of  # noqa: E402
from finetune.llava.batches import (  # noqa: E402
    IGNORED,
    batches,
    encoded_samples,
    pad_batch,
    samples,
)
from finetune.llava.build import build  # noqa: E402
from finetune.llava.checkpoint import load_checkpoint_folder, make_model  # noqa: E402
from finetune.llava.config import load_settings  # noqa: E402
from finetune.llava.encoding import encode, encode_turns  # noqa: E402
from finetune.llava.scoring import score_answer  # noqa: E402
from finetune.llava.tasks import Asked, extract_units, schema_of  # noqa: E402
from finetune.llava.trainer import Tally, Trainer  # noqa: E402
from tests.llava_models import mini_settings, read, untrained  # noqa: E402

CONFIGS = Path(__file__).parents[1] / "finetune" / "configs"


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for a training, with its untrained checkpoint."""
    return untrained(tmp_path_factory.mktemp("llava"))


def test_building_twice_gives_the_same_files(start: Path, tmp_path: Path) -> None:
    build(mini_settings(), tmp_path / "again")
    for name in ("model.safetensors", "tokenizer.json", "config.json", "chat_template.jinja"):
        assert (tmp_path / "again" / name).read_bytes() == (start / "start" / name).read_bytes()


def test_tower_has_the_names_that_vllm_looks_for(start: Path) -> None:
    names = load_file(start / "start" / "model.safetensors")
    tower = [name for name in names if "vision_tower." in name]
    assert tower and all("vision_tower.vision_model." in name for name in tower)


def test_tokens_of_prompts_and_answers(start: Path) -> None:
    _, processor = load_checkpoint_folder(start / "start")
    tokenizer = processor.tokenizer
    for (sample,) in islice(samples(mini_settings().data, random.Random(1)), 12):
        made = encode(processor, sample.messages, sample.answer)
        said = tokenizer.decode(made.ids[made.start : -1])
        assert said == sample.answer
        assert made.ids[-1] == tokenizer.eos_token_id
        pictures = 0 if made.pixels is None else len(made.pixels)
        image = tokenizer.convert_tokens_to_ids("<image>")
        assert int((made.ids == image).sum()) == 4 * pictures
    assert tokenizer.tokenize("L12| 408.50")[0] == "L12| "
    assert tokenizer.tokenize("408.50") == list("408.50")


def test_questions_follow_each_other_on_one_page(start: Path) -> None:
    """The page is read once; every answer is learnt, and nothing but answers."""
    _, processor = load_checkpoint_folder(start / "start")
    tokenizer = processor.tokenizer
    data = mini_settings().data.replace(questions=6, weights={"ask": 1.0}, images=(0,))
    several = 0
    for group in islice(samples(data, random.Random(3)), 12):
        made = encode_turns(processor, group)
        text = tokenizer.decode(made.ids)
        assert text.count("BEGIN DOCUMENT ") == 2  # in the instructions and before the page
        said = [tokenizer.decode(made.ids[a:b]) for a, b in made.answers]
        assert set(said) <= {sample.answer + "<|end|>" for sample in group}
        assert said[0] == group[0].answer + "<|end|>"
        labels = pad_batch([made], 0)["labels"][0]
        assert int((labels != IGNORED).sum()) == sum(b - a for a, b in made.answers)
        assert text.count("Question:") == len(made.answers)
        several += len(made.answers) > 1
    assert several > 3


def test_template_takes_texts_and_blocks(start: Path) -> None:
    """vLLM hands every text over as a list of blocks."""
    _, processor = load_checkpoint_folder(start / "start")
    user = [{"type": "image"}, {"type": "text", "text": "read"}, {"type": "image"}]
    plain = [{"role": "system", "content": "be brief"}, {"role": "user", "content": user}]
    blocks = [{"role": "system", "content": [{"type": "text", "text": "be brief"}]}, plain[1]]
    said = [{"role": "user", "content": "read"}]
    as_block = [{"role": "user", "content": [{"type": "text", "text": "read"}]}]
    one, other = (processor.apply_chat_template(m, tokenize=False) for m in (said, as_block))
    assert one == other
    texts = [
        processor.apply_chat_template(m, add_generation_prompt=True, tokenize=False)
        for m in (plain, blocks)
    ]
    assert texts[0] == texts[1]
    assert texts[0].startswith("<|system|>be brief<|end|><|user|><image>\nread\n<image>\n")
    assert texts[0].endswith("<|end|><|assistant|>")


def copied_share(model: torch.nn.Module, texts: int) -> float:
    """Share of a repeated random sequence of the tokens up to ``texts`` that is foretold the second
    time; line ids, phrases and names of fields come after those of texts."""
    once = torch.randint(300, texts, (1, 80), generator=torch.Generator().manual_seed(1))
    ids = torch.cat([once, once], 1)
    with torch.no_grad():
        said = model(input_ids=ids).logits[0].argmax(-1)
    return float((said[82:-1] == ids[0, 83:]).float().mean())


def test_circuits_copy_before_any_training(start: Path) -> None:
    model, processor = load_checkpoint_folder(start / "start")
    texts = processor.tokenizer.convert_tokens_to_ids("<pad>")
    assert copied_share(model, texts) > 0.9
    ordinary = make_model(mini_settings(induction=False), processor).eval()
    assert copied_share(ordinary, texts) < 0.1


def test_a_named_line_gives_its_first_word(start: Path) -> None:
    """After an id in the answer the first word of that line is added to what comes next."""
    model, processor = load_checkpoint_folder(start / "start")
    page = "L1| Ashford\nL2| Blount\nL3| Crispin\nL4| Dorset\n"
    hits = 0
    for number, word in enumerate(("Ashford", "Blount", "Crispin", "Dorset"), start=1):
        ids = processor.tokenizer(f'{page}{{"lines":["L{number}"],"how":"verbatim","value":"')
        with torch.no_grad():
            said = model(input_ids=torch.tensor([ids["input_ids"]])).logits[0, -1]
        hits += int(processor.tokenizer(word)["input_ids"][0] in said.topk(3).indices.tolist())
    assert hits >= 3


def test_training_lowers_the_loss_and_goes_on_where_it_stopped(start: Path) -> None:
    settings = mini_settings()
    trainer = Trainer(settings, start, minutes=9)
    stream = encoded_samples(trainer.processor, settings.data, random.Random(4), lambda: 1500)
    made = list(islice(batches(stream, random.Random(5), 2048, 0), 7))
    first = Tally()
    trainer.step(made[:1], first)
    for batch in made[1:7]:
        trainer.step([batch], Tally())
    trainer.save()
    again = Trainer(settings, start, minutes=9)
    assert again.resume()
    assert (again.steps, again.tokens) == (trainer.steps, trainer.tokens)
    last, resumed = Tally(), Tally()
    trainer.step(made[:1], last)
    again.step(made[:1], resumed)
    # bfloat16 differs a little
    assert float(last.loss) == pytest.approx(float(resumed.loss), rel=0.01)
    assert last.loss < 0.9 * first.loss
    weights = dict(again.model.named_parameters())
    for name, weight in trainer.model.named_parameters():
        assert torch.allclose(weight, weights[name], atol=1e-3), name

    trainer.export(start / "checkpoint", "bfloat16")
    model, _ = load_checkpoint_folder(start / "checkpoint")
    assert np.isfinite(model(input_ids=torch.tensor([[600, 601]])).logits.detach().numpy()).all()


def test_another_shape_is_not_resumed(start: Path, tmp_path: Path) -> None:
    trainer = Trainer(mini_settings(), start, minutes=1)
    trainer.output = tmp_path
    trainer.save()
    trainer.settings = mini_settings(intermediate=256)
    with pytest.raises(ValueError, match="another shape"):
        trainer.resume()


def test_scoring_counts_value_and_lines() -> None:
    document, schema = read("receipt", 8, noise=0.0), schema_of("receipt")
    assert schema is not None
    units = [u for u in units_of(schema.leaves) if u.key in ("total", "date", "cashier")]
    sample = extract_units(document, schema, units, random.Random(1), Asked(images=(0,)))
    assert sample is not None
    assert score_answer(sample.answer, sample.answer).cells == (len(units), len(units))
    assert score_answer("{", sample.answer).cells == (0, len(units))
    wrong = sample.answer.replace('"L', '"L9', 1)
    assert score_answer(wrong, sample.answer).cells == (len(units) - 1, len(units))


@pytest.mark.parametrize("name", ["llava_tiny", "llava_base"])
def test_shipped_configurations_are_read(name: str) -> None:
    settings = load_settings(CONFIGS / f"{name}.yaml")
    assert settings.language.induction


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("seed: [", "not YAML"),
        ("seed: x", "seed: "),
        ("seed: 1\nlayers: 3", "tokenizer"),
    ],
)
def test_damaged_configurations_are_told(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        load_settings(path)


@pytest.mark.parametrize("command", ["build", "data", "train"])
def test_a_configuration_that_is_not_there_is_a_mistake_of_the_command_line(
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    module = importlib.import_module(f"finetune.llava.{command}")
    given = ["x", "--config", str(tmp_path / "no.yaml"), "--output", str(tmp_path / "out")]
    monkeypatch.setattr("sys.argv", given)
    with pytest.raises(SystemExit, match="2"):
        module.main()
    assert "no.yaml: cannot be read" in capsys.readouterr().err
