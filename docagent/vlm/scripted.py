"""A chat model that answers from a script: for tests and examples, needs no server."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, ClassVar

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models.base import LanguageModelInput
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, UsageMetadata
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from pydantic import PrivateAttr

from docagent.errors import VlmError
from docagent.vlm.openai_protocol import chunks_to_result


@dataclass(frozen=True)
class ScriptedAnswer:
    """One answer of a script.

    text: the answer; a dict or list becomes JSON; an iterable of pieces is streamed, and may
    be endless. finish: the finish reason, None for a stream that breaks off. delay: seconds
    before the first piece. error: raised after the text. tokens: prompt and completion.
    calls: tools called, as pairs of a name and arguments (a text is sent as it is, broken or
    not).
    """

    text: str | dict[str, Any] | list[Any] | Iterable[str] = ""
    finish: str | None = "stop"
    delay: float = 0.0
    error: Exception | None = None
    tokens: tuple[int, int] = (100, 10)
    calls: Sequence[tuple[str, Mapping[str, Any] | str]] = ()


Entry = ScriptedAnswer | str | dict[str, Any] | Exception
"""Of a script; a str or dict is the text of an answer."""
Script = Sequence[Entry] | Callable[[list[BaseMessage], dict[str, Any]], Entry]


class ScriptedChatModel(BaseChatModel):
    """Gives the answers of a list in turn, or what a function of messages and options returns.

    ``requests`` records the messages and options of every call. After the last answer of a
    list a call raises VlmError.
    """

    takes_options: ClassVar[bool] = True

    script: Any
    piece: int = 24
    """Characters streamed at a time."""
    calls_tools: bool = False
    """Whether tools can be bound to it; options then have ``tools`` in them."""
    _requests: list[tuple[list[BaseMessage], dict[str, Any]]] = PrivateAttr(default_factory=list)
    _lock: Any = PrivateAttr(default_factory=Lock)

    @property
    def requests(self) -> list[tuple[list[BaseMessage], dict[str, Any]]]:
        """Messages and options of each call so far."""
        return self._requests

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(
        self, tools: Sequence[Any], *, tool_choice: str | None = None, **kwargs: Any
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """The model with tools in its options; NotImplementedError if it cannot call any."""
        if not self.calls_tools:
            raise NotImplementedError
        return self.bind(tools=list(tools), tool_choice=tool_choice, **kwargs)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return chunks_to_result(self._stream(messages, stop, run_manager, **kwargs))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        answer = self._next(messages, kwargs)
        time.sleep(answer.delay)
        for piece in self._pieces(answer.text):
            yield ChatGenerationChunk(message=AIMessageChunk(content=piece))
        for index, call in enumerate(answer.calls):
            yield from self._called(index, *call)
        if answer.error is not None:
            raise answer.error
        prompt, completion = answer.tokens
        usage = UsageMetadata(
            input_tokens=prompt, output_tokens=completion, total_tokens=prompt + completion
        )
        finish = {"finish_reason": answer.finish} if answer.finish else {}
        last = AIMessageChunk(content="", response_metadata=finish, usage_metadata=usage)
        yield ChatGenerationChunk(message=last)

    def _called(
        self, index: int, name: str, arguments: Mapping[str, Any] | str
    ) -> Iterator[ChatGenerationChunk]:
        text = arguments if isinstance(arguments, str) else json.dumps(arguments)
        pieces = [text[at : at + self.piece] for at in range(0, len(text), self.piece)]
        for number, piece in enumerate(pieces or [""]):
            first = number == 0
            chunk = tool_call_chunk(
                name=name if first else None,
                args=piece,
                id=f"call_{len(self._requests)}_{index}" if first else None,
                index=index,
            )
            yield ChatGenerationChunk(message=AIMessageChunk(content="", tool_call_chunks=[chunk]))

    def _next(self, messages: list[BaseMessage], options: dict[str, Any]) -> ScriptedAnswer:
        with self._lock:
            count = len(self._requests)
            self._requests.append((list(messages), dict(options)))
        if callable(self.script):
            answer = self.script(messages, options)
        elif count < len(self.script):
            answer = self.script[count]
        else:
            raise VlmError(f"the script has {len(self.script)} answers, no more", "model")
        if isinstance(answer, ScriptedAnswer):
            return answer
        return (
            ScriptedAnswer(error=answer)
            if isinstance(answer, Exception)
            else ScriptedAnswer(answer)
        )

    def _pieces(self, text: str | dict[str, Any] | list[Any] | Iterable[str]) -> Iterator[str]:
        whole = json.dumps(text, ensure_ascii=False) if isinstance(text, dict | list) else text
        if not isinstance(whole, str):
            yield from whole
            return
        for start in range(0, len(whole), self.piece):
            yield whole[start : start + self.piece]
