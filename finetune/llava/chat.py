"""A local checkpoint, with or without an adapter, as a LangChain chat model.

    DocAgent(vlm=LocalChat.load("finetune/checkpoints/llava_tiny"))

For measuring and for trying out; vLLM serves. Decoding is not constrained here: what the cascade
cannot use it asks again, as of any model that takes no options.
"""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from typing import Any, ClassVar

import torch
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    UsageMetadata,
    convert_to_openai_messages,
)
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import PrivateAttr

from finetune.llava.checkpoint import load_checkpoint_folder
from finetune.llava.encoding import as_blocks, message_pictures


class LocalChat(BaseChatModel):
    """Answers greedily, one call at a time. Make it with ``load``."""

    takes_options: ClassVar[bool] = True

    model: str
    """The folder it came from."""
    most_tokens: int = 600
    _lock: Any = PrivateAttr(default_factory=Lock)
    _model: Any = PrivateAttr()
    _processor: Any = PrivateAttr()

    @classmethod
    def load(cls, checkpoint: str | Path, adapter: str | Path | None = None) -> LocalChat:
        """A checkpoint folder, and a LoRA adapter on it. Raises ValueError for other folders."""
        model, processor = load_checkpoint_folder(Path(checkpoint))
        name = str(checkpoint)
        if adapter is not None:
            if not (Path(adapter) / "adapter_config.json").is_file():
                raise ValueError(f"{adapter}: no adapter; make one with python -m finetune.lora")
            from peft import PeftModel

            model = PeftModel.from_pretrained(model, str(adapter)).merge_and_unload().eval()
            name = f"{name} with {adapter}"
        made = cls(model=name)
        made._model, made._processor = model, processor
        return made

    @property
    def _llm_type(self) -> str:
        return "local checkpoint"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: Any = None,
        **options: Any,
    ) -> ChatResult:
        """Options: ``max_tokens`` and ``temperature``; others are not used."""
        sent = convert_to_openai_messages(messages)
        processor = self._processor
        text = processor.apply_chat_template(
            as_blocks(sent), add_generation_prompt=True, tokenize=False
        )
        pictures = message_pictures(sent)
        inputs = processor(text=[text], images=pictures or None, return_tensors="pt")
        most = min(self.most_tokens, int(options.get("max_tokens") or self.most_tokens))
        warmth = float(options.get("temperature") or 0.0)
        sampling = {"do_sample": True, "temperature": warmth} if warmth else {"do_sample": False}
        with self._lock, torch.no_grad():
            out = self._model.generate(**inputs, max_new_tokens=most, **sampling)
        asked = inputs["input_ids"].shape[1]
        said = out[0, asked:]
        ended = bool(len(said)) and int(said[-1]) == processor.tokenizer.eos_token_id
        usage = UsageMetadata(
            input_tokens=asked, output_tokens=len(said), total_tokens=asked + len(said)
        )
        message = AIMessage(
            content=processor.tokenizer.decode(said, skip_special_tokens=True),
            response_metadata={"finish_reason": "stop" if ended else "length"},
            usage_metadata=usage,
        )
        return ChatResult(generations=[ChatGeneration(message=message)])
