"""The wire format of an OpenAI-compatible server: request bodies, and events of the stream."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from langchain_core.messages import (
    AIMessageChunk,
    BaseMessage,
    ToolCallChunk,
    UsageMetadata,
    convert_to_openai_messages,
    message_chunk_to_message,
)
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from docagent.errors import VlmError
from docagent.vlm.faults import MAX_MESSAGE_CHARS, status_to_fault, to_seconds


def to_body(
    model: str, messages: Sequence[BaseMessage], options: Mapping[str, Any]
) -> dict[str, Any]:
    """The JSON body of a streamed chat completion; options that are None are left out."""
    given = {key: value for key, value in options.items() if value is not None}
    return {
        "model": model,
        "messages": convert_to_openai_messages(list(messages)),
        "stream": True,
        "stream_options": {"include_usage": True},
        **given,
    }


def read_events(lines: Iterable[str]) -> Iterator[ChatGenerationChunk]:
    """Chunks of a stream of server-sent events. Raises VlmError for an error sent inside it,
    for what is not JSON, and for a stream that ends before the server marks its end."""
    done = False
    for line in lines:
        if not line.startswith("data:"):
            continue
        data = line.removeprefix("data:").strip()
        if data == "[DONE]":
            return
        chunk = event_to_chunk(_parsed(data))
        done = done or "finish_reason" in chunk.message.response_metadata
        yield chunk
    if not done:
        raise VlmError("the server's answer broke off; is it still running?", "connection")


def event_to_chunk(event: Any) -> ChatGenerationChunk:
    """One event (``delta``), or a whole completion (``message``), as a chunk. VlmError if it
    is neither."""
    if not isinstance(event, dict) or "error" in event:
        raise VlmError(f"the server sent an error: {error_text(event)}", "server")
    choices = event.get("choices") or [{}]
    choice = choices[0] if isinstance(choices, list) and isinstance(choices[0], dict) else {}
    delta = choice.get("delta") or choice.get("message") or {}
    delta = delta if isinstance(delta, dict) else {}
    content = delta.get("content")
    finish = choice.get("finish_reason")
    message = AIMessageChunk(
        content=content if isinstance(content, str) else "",
        tool_call_chunks=_tool_calls(delta.get("tool_calls")),
        response_metadata={"finish_reason": finish} if finish else {},
        usage_metadata=_usage(event.get("usage")),
    )
    return ChatGenerationChunk(message=message)


def has_text(chunk: ChatGenerationChunk) -> bool:
    """Whether a chunk has text or pieces of a tool call in it."""
    message = chunk.message
    calls = message.tool_call_chunks if isinstance(message, AIMessageChunk) else []
    return bool(message.content or calls)


def status_to_error(status: int, body: str, retry_after: str = "") -> VlmError:
    """The error of an HTTP status that is not 200."""
    hint = {
        401: "; set DOCAGENT_VLM_API_KEY",
        403: "; set DOCAGENT_VLM_API_KEY",
        404: "; is vlm_url the base that ends in /v1, and is a model of that name served?",
    }.get(status, "")
    try:
        text = error_text(json.loads(body))
    except ValueError:
        text = body.strip()[:MAX_MESSAGE_CHARS]
    message = f"HTTP {status}: {text or 'no reason given'}{hint}"
    return VlmError(message, status_to_fault(status, body), status, to_seconds(retry_after))


def to_length(card: Mapping[str, Any]) -> int | None:
    """The tokens a model takes, by vLLM's list of models; None where it does not have them."""
    length = card.get("max_model_len")
    return length if isinstance(length, int) and length > 0 else None


def to_logprobs(completion: Any) -> dict[str, float]:
    """Log probabilities of the likeliest first tokens of a completion; empty without them."""
    try:
        likeliest = completion["choices"][0]["logprobs"]["content"][0]["top_logprobs"]
        # Tokens that are parts of a character look alike: their bytes do not.
        return {f"{t['token']} {t.get('bytes')}": float(t["logprob"]) for t in likeliest}
    except (LookupError, TypeError, ValueError, AttributeError):
        return {}


def error_text(event: Any) -> str:
    """The message in an error body of any of the usual shapes."""
    found = event.get("error", event) if isinstance(event, dict) else event
    message = found.get("message", found) if isinstance(found, dict) else found
    return str(message)[:MAX_MESSAGE_CHARS]


def chunks_to_result(chunks: Iterable[ChatGenerationChunk]) -> ChatResult:
    """Chunks put together as what a call without streaming returns."""
    whole: AIMessageChunk = AIMessageChunk(content="")
    for chunk in chunks:
        whole = whole + chunk.message  # type: ignore[assignment]
    return ChatResult(generations=[ChatGeneration(message=message_chunk_to_message(whole))])


def _tool_calls(calls: Any) -> list[ToolCallChunk]:
    """Pieces of tool calls; what is not one is left out. Whole calls, as they come without
    streaming, have no index: their place in the list is theirs."""
    chunks = []
    for place, call in enumerate(calls if isinstance(calls, list) else ()):
        function = call.get("function") if isinstance(call, dict) else None
        if not isinstance(function, dict):
            continue
        name, arguments = function.get("name"), function.get("arguments")
        index = call.get("index")
        chunks.append(
            ToolCallChunk(
                name=name if isinstance(name, str) else None,
                args=arguments if isinstance(arguments, str) else None,
                id=call["id"] if isinstance(call.get("id"), str) else None,
                index=index if isinstance(index, int) else place,
                type="tool_call_chunk",
            )
        )
    return chunks


def _parsed(data: str) -> Any:
    try:
        return json.loads(data)
    except ValueError as error:
        raise VlmError(f"the server sent {data[:80]!r}, which is not JSON", "server") from error


def _usage(usage: Any) -> UsageMetadata | None:
    if not isinstance(usage, dict):
        return None
    prompt, completion = (usage.get(k) for k in ("prompt_tokens", "completion_tokens"))
    prompt = prompt if isinstance(prompt, int) else 0
    completion = completion if isinstance(completion, int) else 0
    return UsageMetadata(
        input_tokens=prompt, output_tokens=completion, total_tokens=prompt + completion
    )
