"""The shipped tiny LLaVA and its adapters: small, complete, and able to answer."""

from __future__ import annotations

import json
import random
from itertools import islice
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.train,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]

torch = pytest.importorskip("torch")
pytest.importorskip("peft")

from langchain_core.messages import SystemMessage  # noqa: E402
from safetensors.torch import load_file  # noqa: E402

from docagent.cascade.cells import is_object, members, problem  # noqa: E402
from finetune.llava.batches import samples  # noqa: E402
from finetune.llava.chat import LocalChat  # noqa: E402
from finetune.llava.config import load_settings  # noqa: E402
from finetune.llava.scoring import Score, score_answer  # noqa: E402

FINETUNE = Path(__file__).parents[1] / "finetune"
CHECKPOINTS = FINETUNE / "checkpoints"
BASE = CHECKPOINTS / "llava_tiny"
ADAPTERS = ("llava_tiny_legal", "llava_tiny_medical")
LARGEST = 10 * 2**20


def test_folders_are_small_and_described() -> None:
    for folder in (BASE, *(CHECKPOINTS / name for name in ADAPTERS)):
        assert sum(path.stat().st_size for path in folder.iterdir()) <= LARGEST
        assert "Apache-2.0" in (folder / "README.md").read_text("utf-8")


def test_weights_are_half_precision_under_names_of_vllm() -> None:
    tensors = load_file(BASE / "model.safetensors")
    assert {tensor.dtype for tensor in tensors.values()} == {torch.bfloat16}
    assert not [n for n in tensors if "vision_tower." in n and ".vision_model." not in n]


def test_answers_follow_the_form_and_some_are_right() -> None:
    torch.set_num_threads(1)
    chat = LocalChat.load(BASE)
    data = load_settings(FINETUNE / "configs" / "llava_tiny.yaml").data
    data = data.model_copy(update={"weights": {"extract": 1.0}, "noise": 0.0, "fields": 4})
    usable, score = 0, Score()
    for sample in islice(samples(data, random.Random(500_000)), 8):
        said = str(chat.invoke(list(sample.messages)).content)
        found = members(said)
        wrong = [
            k for k in sample.asked if k not in found or problem(dict(sample.schema), k, found[k])
        ]
        usable += is_object(said) and not wrong
        score += score_answer(said, sample.answer)
    assert usable >= 6
    assert score.cells[0] >= 0.3 * score.cells[1]


@pytest.mark.parametrize("name", ADAPTERS)
def test_adapters_change_what_is_said(name: str) -> None:
    folder = CHECKPOINTS / name
    config = json.loads((folder / "adapter_config.json").read_text("utf-8"))
    assert config["base_model_name_or_path"] == "finetune/checkpoints/llava_tiny"
    plain, adapted = LocalChat.load(BASE), LocalChat.load(BASE, folder)
    ids = torch.tensor([[700, 701, 702, 703]])
    with torch.no_grad():
        before, after = (c._model(input_ids=ids).logits for c in (plain, adapted))
    assert (before - after).abs().max() > 0.1
    assert adapted.invoke([SystemMessage("Answer with JSON only.")]).response_metadata
