"""Whether vLLM and transformers (with PEFT) say the same, token by token.

Greedy, in float32. So the checkpoint, the adapters and the prompts mean the same to both, and
what was measured on one in training holds for the other in use.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from PIL import Image

from docagent.document import Document
from docagent.schemas import load_schema
from docagent.settings import Settings
from docagent.vlm.prompts.messages import Message
from eval.vllm.documents import draw_page
from eval.vllm.figures import Figure

NEW_TOKENS = 32


@dataclass(frozen=True)
class Ids:
    """Token ids of a prompt, with those that stand for images, and of its answer."""

    prompt: tuple[int, ...]
    answer: tuple[int, ...]


def prompts(count: int) -> list[tuple[Message, ...]]:
    """Messages as docagent sends them: an extraction, a question and a correction in turn, with
    none, one or two pictures."""
    made = []
    for seed in range(count):
        page = draw_page(1000 + seed)
        settings = Settings(vlm="always", vlm_images=seed % 3, vlm_chars=1500)
        view = page.view(settings)
        template, values = _task(seed, page.document)
        request = view.request(
            template,
            values,
            view.parts[0],
            [],
            json_schema={},
            is_usable=bool,
            places=[(1, word.polygon) for word in page.document.pages[0].lines[2].words],
        )
        made.append(request.messages)
    return made


def _task(seed: int, document: Document) -> tuple[str, dict[str, Any]]:
    leaves = load_schema("invoice").leaves[:3]
    fields = [
        {"path": leaf.path, "kind": leaf.normaliser, "meaning": "", "labels": "", "choices": ""}
        for leaf in leaves
    ]
    wanted = ", ".join(leaf.path for leaf in leaves)
    tasks: list[tuple[str, dict[str, Any]]] = [
        ("ask", {"question": "What is due?", "complaints": []}),
        (
            "extract",
            {"title": "Invoice", "fields": fields, "wanted": wanted, "complaints": []},
        ),
        ("correct", {"wanted": "L1, L3", "complaints": []}),
    ]
    return tasks[seed // 3 % len(tasks)]


def ask_server(url: str, model: str, messages: Sequence[Message]) -> Ids:
    """What vLLM says."""
    body = {
        "model": model,
        "messages": messages,
        "temperature": 0.0,
        "max_tokens": NEW_TOKENS,
        "return_token_ids": True,
    }
    answer = httpx.post(f"{url}/chat/completions", json=body, timeout=120, trust_env=False)
    answer.raise_for_status()
    said = answer.json()
    return Ids(tuple(said["prompt_token_ids"]), tuple(said["choices"][0]["token_ids"]))


class Reference:
    """The same checkpoint in transformers, with the adapters loaded by PEFT."""

    def __init__(self, checkpoint: Path, adapters: Mapping[str, Path]) -> None:
        import torch
        from peft import PeftModel
        from transformers import AutoProcessor, LlavaForConditionalGeneration

        self.processor = AutoProcessor.from_pretrained(checkpoint)
        model = LlavaForConditionalGeneration.from_pretrained(checkpoint, dtype=torch.float32)
        for name, folder in adapters.items():
            if isinstance(model, PeftModel):
                model.load_adapter(folder, adapter_name=name)
            else:
                model = PeftModel.from_pretrained(model, folder, adapter_name=name)
        self.model = model.eval()

    def ask(self, adapter: str | None, messages: Sequence[Message]) -> Ids:
        """What transformers says; adapter None for the base model."""
        import torch

        inputs = self._inputs(messages)
        options = {"do_sample": False, "max_new_tokens": NEW_TOKENS}
        with torch.inference_mode():
            if adapter is None and hasattr(self.model, "disable_adapter"):
                with self.model.disable_adapter():
                    whole = self.model.generate(**inputs, **options)
            else:
                if adapter is not None:
                    self.model.set_adapter(adapter)
                whole = self.model.generate(**inputs, **options)
        ids = whole[0].tolist()
        length = inputs["input_ids"].shape[1]
        return Ids(tuple(ids[:length]), tuple(ids[length:]))

    def _inputs(self, messages: Sequence[Message]) -> Any:
        images = [
            _picture(block["image_url"]["url"])
            for message in messages
            if isinstance(message["content"], list)
            for block in message["content"]
            if block["type"] == "image_url"
        ]
        text = self.processor.apply_chat_template(
            [_as_transformers(message) for message in messages], add_generation_prompt=True
        )
        return self.processor(images=images or None, text=text, return_tensors="pt")


def _as_transformers(message: Message) -> dict[str, Any]:
    """A message with the place of a picture instead of the picture."""
    content = message["content"]
    if isinstance(content, list):
        content = [{"type": "image"} if b["type"] == "image_url" else b for b in content]
    return {"role": message["role"], "content": content}


def _picture(url: str) -> Image.Image:
    data = base64.b64decode(url.partition(",")[2])
    return Image.open(io.BytesIO(data)).convert("RGB")


def measure_tokens(
    url: str, base: str, checkpoint: Path, adapters: Mapping[str, Path], count: int
) -> list[Figure]:
    """A figure for the base model and one for each adapter, and one that they differ."""
    reference = Reference(checkpoint, adapters)
    asked = prompts(count)
    figures, said = [], {}
    for name in (base, *adapters):
        theirs = [ask_server(url, name, messages) for messages in asked]
        ours = [reference.ask(None if name == base else name, messages) for messages in asked]
        same = sum(a == b for a, b in zip(theirs, ours, strict=True))
        tokens = sum(len(ids.answer) for ids in theirs)
        value = f"{same} of {count} prompts the same, {tokens} tokens"
        figures.append(Figure(f"token ids, vLLM and transformers, {name}", value, same == count))
        said[name] = theirs
    for name in adapters:
        differing = sum(a != b for a, b in zip(said[name], said[base], strict=True))
        value = f"{differing} of {count} prompts answered otherwise than by the base model"
        figures.append(Figure(f"effect of adapter {name}", value, differing > 0))
    return figures
