"""The shipped tiny LLaVA and its adapters: small, complete, loadable, with effect."""

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

from safetensors.torch import load_file  # noqa: E402

from finetune.llava.batches import encoded_samples  # noqa: E402
from finetune.llava.chat import LocalChat  # noqa: E402
from finetune.llava.checkpoint import load_checkpoint_folder  # noqa: E402
from finetune.llava.config import load_settings  # noqa: E402
from finetune.llava.score import foretold  # noqa: E402

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


def test_it_has_learnt_to_copy() -> None:
    """Far above an untrained model, which foretells a third (the circuits it starts from)."""
    torch.set_num_threads(1)
    model, processor = load_checkpoint_folder(BASE)
    data = load_settings(FINETUNE / "configs" / "llava_tiny.yaml").data.as_served
    stream = encoded_samples(processor, data, random.Random(500_000), lambda: 900)
    table = foretold(model, processor.tokenizer, islice(stream, 12))
    right, total = (sum(pair[index] for pair in table.values()) for index in (0, 1))
    assert right / total > 0.6
    assert table["word"][0] / table["word"][1] > 0.6


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
