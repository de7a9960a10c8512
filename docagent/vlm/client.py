"""A client for vLLM, or any other server with OpenAI's chat completions.

Images travel as data URLs inside the messages, so that the server never fetches anything.
``response_format`` and ``structured_outputs`` constrain the decoding of vLLM 0.32
(``guided_json`` of older versions is ignored there without a word).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from threading import BoundedSemaphore
from typing import Any, ClassVar

import httpx
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models.base import LanguageModelInput
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import Field, PrivateAttr, SecretStr

from docagent.errors import VlmError
from docagent.forking import ForkLock, never_freed, renew_in_children
from docagent.vlm.faults import MAX_MESSAGE_CHARS
from docagent.vlm.openai_protocol import (
    chunks_to_result,
    event_to_chunk,
    has_text,
    read_events,
    status_to_error,
    to_body,
    to_length,
    to_logprobs,
)

MAX_WAIT_SECONDS = 10.0
"""Longest wait before a retry, whatever the server asks for."""
CONNECT_SECONDS = 10.0
"""Longest time in which a connection is made."""
TOP_LOGPROBS = 20
"""The most that vLLM and OpenAI give."""


FIELDS = ("base_url", "model", "api_key", "timeout", "retries", "backoff", "concurrency")
"""What a client is made of."""


class _Connections:
    """Connections to a server, and slots for requests at one time; new ones in a forked child, as
    two processes cannot talk over one connection."""

    def __init__(self, concurrency: int, **options: Any) -> None:
        """options: of httpx.Client."""
        self._concurrency, self._options = concurrency, options
        self._make()
        renew_in_children(self)

    def _make(self) -> None:
        self.slots = BoundedSemaphore(self._concurrency)
        self.client = httpx.Client(**self._options)

    def after_fork(self) -> None:
        """Leaves the parent its connections, open as they are."""
        never_freed(self.client)
        self._make()


class VllmChat(BaseChatModel):
    """A chat model behind an OpenAI-compatible server.

    base_url: up to and with ``/v1``. model: the name served, of a base model or of a LoRA
    adapter; empty takes the first one. timeout: seconds between two pieces of an answer.
    retries: further tries when the connection fails, the server is slow, busy (429) or broken
    (5xx), before any text has come; other statuses are final. backoff: seconds before the
    first retry, doubled for each further one. concurrency: requests at one time.

    Calls raise VlmError. Options (``response_format``, ``temperature``, ``max_tokens``, ...)
    are passed to the server as they are. Nothing but ``base_url`` is ever contacted: proxies
    of the environment are not used and redirects are not followed.
    """

    takes_options: ClassVar[bool] = True

    base_url: str
    model: str = ""
    api_key: SecretStr = SecretStr("")
    timeout: float = Field(default=120.0, gt=0)
    retries: int = Field(default=2, ge=0)
    backoff: float = Field(default=0.5, ge=0)
    concurrency: int = Field(default=4, ge=1)
    _connections: _Connections = PrivateAttr()
    _lock: ForkLock = PrivateAttr(default_factory=ForkLock)

    def model_post_init(self, context: Any) -> None:
        """Makes the connection pool; nothing is sent."""
        key = self.api_key.get_secret_value()
        self._connections = _Connections(
            self.concurrency,
            base_url=self.base_url.rstrip("/") + "/",
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=httpx.Timeout(self.timeout, connect=min(CONNECT_SECONDS, self.timeout)),
            limits=httpx.Limits(max_connections=self.concurrency + 1),
            trust_env=False,
        )

    def __reduce__(self) -> tuple[partial[VllmChat], tuple[()]]:
        """Only the fields are pickled; connections are made anew."""
        return partial(type(self), **{name: getattr(self, name) for name in FIELDS}), ()

    @property
    def _llm_type(self) -> str:
        return "openai-compatible"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"base_url": self.base_url, "model": self.model}

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """The model with tools that it may call. vLLM needs ``--enable-auto-tool-choice`` and
        a ``--tool-call-parser``; without them it refuses such requests (HTTP 400)."""
        specs = [convert_to_openai_tool(tool) for tool in tools]
        return self.bind(tools=specs, tool_choice=tool_choice or "auto", **kwargs)

    def models(self) -> tuple[str, ...]:
        """Names served, base models and adapters. Raises VlmError."""
        return tuple(self._listed(self.timeout))

    def context_length(self) -> int | None:
        """Tokens that the model takes, prompt and answer together, as vLLM lists them; None where
        the server does not. An adapter takes what its base model does. Raises VlmError."""
        # The answer helps but is not needed, so the wait is shorter than for others.
        listed = self._listed(min(CONNECT_SECONDS, self.timeout))
        own = listed.get(self.model)
        known = [length for length in listed.values() if length is not None]
        return own if own is not None else min(known, default=None)

    def _listed(self, seconds: float) -> dict[str, int | None]:
        """The names served and the tokens each takes."""
        try:
            response = self._connections.client.get("models", timeout=seconds)
            if response.status_code != 200:
                raise status_to_error(response.status_code, response.text)
            return {str(card["id"]): to_length(card) for card in response.json()["data"]}
        except httpx.HTTPError as error:
            raise self._error(error) from error
        except (ValueError, KeyError, TypeError) as error:
            raise VlmError(f"{self.base_url} lists no models: {error}", "server") from error

    def with_model(self, name: str) -> VllmChat:
        """The same client, with its connections and their limit, for another model served."""
        other = self.model_copy(update={"model": name})
        other._lock = ForkLock()
        return other

    def first_logprobs(self, text: str) -> dict[str, float]:
        """The likeliest first tokens of the answer to a text, and their log probabilities (natural
        logarithm). Empty if the server gives none. Raises VlmError.

        Not of the prompt's tokens: vLLM's engine dies of ``prompt_logprobs`` for an adapter while
        it answers others (0.32; issue 29955 of vLLM is of the same family).
        """
        body = {
            "model": self._name(),
            "messages": [{"role": "user", "content": text}],
            "max_tokens": 1,
            "temperature": 0.0,
            "logprobs": True,
            "top_logprobs": TOP_LOGPROBS,
        }
        try:
            with self._connections.slots:
                response = self._connections.client.post("chat/completions", json=body)
            if response.status_code != 200:
                raise status_to_error(response.status_code, response.text)
            return to_logprobs(response.json())
        except httpx.HTTPError as error:
            raise self._error(error) from error
        except ValueError as error:
            raise VlmError(f"{self.base_url} sent what is not JSON: {error}", "server") from error

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
        for attempt in range(self.retries + 1):
            has_begun = False
            try:
                with self._connections.slots:
                    body = to_body(self._name(), messages, {"stop": stop, **kwargs})
                    for chunk in self._chunks(body):
                        has_begun = has_begun or has_text(chunk)
                        yield chunk
                return
            except VlmError as error:
                # Once text has come, a retry would repeat it.
                if has_begun or not error.retryable or attempt == self.retries:
                    raise
                wait = max(error.retry_after, self.backoff * 2**attempt)
            time.sleep(min(wait, MAX_WAIT_SECONDS))

    def _chunks(self, body: dict[str, Any]) -> Iterator[ChatGenerationChunk]:
        try:
            with self._connections.client.stream("POST", "chat/completions", json=body) as response:
                if response.status_code != 200:
                    text = response.read().decode("utf-8", "replace")
                    wait = response.headers.get("retry-after", "")
                    raise status_to_error(response.status_code, text, wait)
                if "json" in response.headers.get("content-type", ""):
                    response.read()
                    yield event_to_chunk(response.json())
                    return
                yield from read_events(response.iter_lines())
        except httpx.HTTPError as error:
            raise self._error(error) from error
        except ValueError as error:
            raise VlmError(f"{self.base_url} sent what is not JSON: {error}", "server") from error

    def _name(self) -> str:
        with self._lock:
            if not self.model:
                names = self.models()
                if not names:
                    raise VlmError(f"{self.base_url} serves no model", "refused")
                self.model = names[0]
            return self.model

    def _error(self, error: httpx.HTTPError) -> VlmError:
        reason = str(error)[:MAX_MESSAGE_CHARS] or type(error).__name__
        if isinstance(error, httpx.TimeoutException):
            text = f"{self.base_url} did not answer within {self.timeout:g} s"
            return VlmError(f"{text}; is it overloaded? (vlm_timeout)", "timeout")
        text = f"{self.base_url} cannot be reached or broke off: {reason}; is the server running?"
        return VlmError(text, "connection")
