"""Adapters: trained for a few steps, resumed, exported, refused without effect, measured."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = [
    pytest.mark.train,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]

torch = pytest.importorskip("torch")
pytest.importorskip("peft")

import yaml  # noqa: E402
from PIL import Image  # noqa: E402
from safetensors.torch import load_file  # noqa: E402

from docagent.settings import Settings  # noqa: E402
from docagent.vlm.scripted import ScriptedChatModel  # noqa: E402
from finetune.llava.build import build  # noqa: E402
from finetune.llava.chat import LocalChat  # noqa: E402
from finetune.llava.jsonl import write_jsonl  # noqa: E402
from finetune.llava.tasks import Asked, extract_sample, extract_units  # noqa: E402
from finetune.lora.base import add_adapter, load_base  # noqa: E402
from finetune.lora.config import AdapterConfig, load_adapter_config  # noqa: E402
from finetune.lora.evaluation import draw_tasks, measure, table_text  # noqa: E402
from finetune.lora.samples import held_out_chats, training_chats  # noqa: E402
from finetune.lora.train import AdapterTrainer, train_adapter  # noqa: E402
from tests.llava_models import DATA, mini_settings, read  # noqa: E402

CONFIGS = Path(__file__).parents[1] / "finetune" / "configs"
ADAPTERS = ("finance", "legal", "medical", "qwen3_vl_4b")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("base")
    build(mini_settings(), folder)
    return folder


@pytest.fixture
def config(base: Path) -> Callable[..., AdapterConfig]:
    def make(**changed: Any) -> AdapterConfig:
        training = {"rate": 3e-3, "minutes": 5, "steps": 4, "batch": 2, "held_out": 2, "warmup": 1}
        training |= changed.pop("training", {})
        made = {"base": str(base), "name": "toy", "synthetic": DATA, "lora": {"rank": 4}}
        return AdapterConfig.model_validate({**made, "training": training, **changed})

    return make


def test_an_adapter_is_trained_resumed_and_exported(
    config: Callable[..., AdapterConfig], base: Path, tmp_path: Path
) -> None:
    folder = train_adapter(config(), tmp_path)
    tensors = load_file(folder / "adapter_model.safetensors")
    assert all(".language_model.layers." in name for name in tensors)
    assert len(tensors) == 2 * 7 * 2  # A and B of seven linear layers in each of two blocks
    assert Image.open(tmp_path / "loss.png").size == (640, 360)

    train_adapter(config(training={"steps": 6}), tmp_path)
    rows = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows if "held_out_loss" in row] == [0, 4, 6]
    losses = [row["held_out_loss"] for row in rows if "held_out_loss" in row]
    assert losses[-1] < losses[0] - 0.02

    plain, adapted = LocalChat.load(base), LocalChat.load(base, folder)
    ids = torch.tensor([[600, 601, 602]])
    with torch.no_grad():
        before, after = (chat._model(input_ids=ids).logits for chat in (plain, adapted))
    assert (before - after).abs().max() > 1e-3


def test_resuming_goes_on_with_the_same_weights_and_other_samples(
    config: Callable[..., AdapterConfig], tmp_path: Path
) -> None:
    trainer = AdapterTrainer(config(), tmp_path)
    samples = iter(trainer.inputs())
    for _ in range(2):
        trainer.update(samples)
    trainer.save()
    again = AdapterTrainer(config(), tmp_path)
    assert again.resume()
    assert (again.steps, again.samples) == (2, 4)
    learnt = {n: p for n, p in trainer.plain.named_parameters() if p.requires_grad}
    for name, weight in again.plain.named_parameters():
        if weight.requires_grad:
            assert torch.equal(weight, learnt[name])
    with pytest.raises(ValueError, match="another shape"):
        AdapterTrainer(config(lora={"rank": 2}), tmp_path).resume()


def test_an_adapter_without_effect_is_refused(
    config: Callable[..., AdapterConfig], tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="changes no logit"):
        train_adapter(config(training={"rate": 1e-12, "steps": 1}), tmp_path)
    assert not (tmp_path / "adapter").exists()


def test_layers_of_the_tower_are_not_adapted(config: Callable[..., AdapterConfig]) -> None:
    made, _ = load_base(config())
    with pytest.raises(ValueError, match=r"No modules|no layer"):
        add_adapter(made, config(lora={"targets": ["fc1"]}))


def test_four_bits_without_a_gpu_is_told(
    config: Callable[..., AdapterConfig], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ValueError, match="4bit needs a GPU"):
        load_base(config(quantisation="4bit"))


def test_a_base_that_is_not_there_is_told(config: Callable[..., AdapterConfig]) -> None:
    with pytest.raises(ValueError, match="no folder; build"):
        load_base(config(base="runs/nothing_here"))


def test_jsonl_is_split_and_shuffled(config: Callable[..., AdapterConfig], tmp_path: Path) -> None:
    rng = random.Random(1)
    made = [extract_sample(read("prescription", seed), rng, Asked()) for seed in range(10)]
    path = tmp_path / "samples.jsonl"
    count = write_jsonl([sample for sample in made if sample is not None], path)
    told = config(synthetic=None, jsonl=path, held_out_share=0.2)
    held_out = {chat.answer for chat in held_out_chats(told, 9)}
    stream = training_chats(told)
    epoch = [next(stream) for _ in range(count - len(held_out))]
    assert not held_out & {chat.answer for chat in epoch}
    third = [next(training_chats(told, done=done)).answer for done in range(len(epoch))]
    assert third == [chat.answer for chat in epoch]  # goes on where it stopped
    with pytest.raises(ValueError, match="either as synthetic or as jsonl"):
        config(jsonl=path)


def test_measuring_grounds_what_a_model_says(config: Callable[..., AdapterConfig]) -> None:
    """A model that knows the truth scores 1, one that names wrong lines scores 0."""
    data = config().synthetic
    assert data is not None
    tasks = list(draw_tasks(data.replace(noise=0.0), 4))
    answers = []
    for task in tasks:
        asked = Asked(images=(0,))
        sample = extract_units(task.read, task.schema, task.units, random.Random(1), asked)
        assert sample is not None
        answers.append(json.loads(sample.answer))
    settings = Settings(vlm="always", vlm_concurrency=1)
    right = measure(ScriptedChatModel(script=list(answers)), tasks, settings)
    assert right["overall"].f1 > 0.97
    liars = [
        {k: {"lines": ["L1"], "how": "verbatim", "value": "nonsense 99"} for k in a}
        for a in answers
    ]
    lied = measure(ScriptedChatModel(script=[a for a in liars for _ in range(3)]), tasks, settings)
    assert (lied["overall"].right, lied["overall"].predicted) == (0, 0)
    text = table_text({"right": right, "lied": lied}, fields=True)
    assert "| lied | 0.000 |" in text and "| total |" in text


@pytest.mark.parametrize("name", ADAPTERS)
def test_shipped_adapter_configurations_are_read(name: str) -> None:
    assert load_adapter_config(CONFIGS / f"{name}.yaml").name == name


def test_misspelt_settings_are_told(tmp_path: Path) -> None:
    read_back = yaml.safe_load((CONFIGS / "medical.yaml").read_text())
    read_back["training"]["ratte"] = 1
    path = tmp_path / "bad.yaml"
    path.write_text(yaml.safe_dump(read_back))
    with pytest.raises(ValueError, match=r"training\.ratte"):
        load_adapter_config(path)
