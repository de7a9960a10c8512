"""The client of ``docagent serve``: what ``DocAgent(url=...)`` sends, and what it makes of answers.

Everything is sent as a job that the server would keep running if the connection broke; the client
waits for it and fetches the result, so that no time limit in between loses work.
"""

from __future__ import annotations

import inspect
import io
import json
import os
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeVar, cast

import numpy as np
from PIL import Image
from pydantic import BaseModel

from docagent.document import Document, Frozen
from docagent.errors import (
    DocAgentError,
    MissingExtraError,
    ModelError,
    SchemaError,
    ServerError,
    SettingsError,
    SourceError,
    StoreError,
    VlmError,
)
from docagent.results import (
    Answer,
    ChatEvent,
    Classification,
    Correction,
    Extraction,
    Summary,
    Turn,
)
from docagent.schemas import AUTO, Schema, list_schemas, load_schema
from docagent.sources.images import array_to_pixels

if TYPE_CHECKING:
    import httpx2

P = ParamSpec("P")
T = TypeVar("T")

WAIT_SECONDS = 20
"""How long one request waits for a result; then the client asks for the job until it is done."""
POLL_SECONDS = 0.5
TRIES = 4
"""Of a request that failed for a reason that may pass: the server is busy or away."""

RESULTS: Mapping[str, type[Frozen]] = {
    "read": Document,
    "correct": Correction,
    "ask": Answer,
    "extract": Extraction,
    "classify": Classification,
    "summarise": Summary,
}
"""Type of the result by verb."""

Progress = Callable[[int, int], None]


class RemoteAgent:
    """Runs verbs on a server. Used by ``DocAgent``; may be used by several threads."""

    def __init__(self, url: str, key: str = "", timeout: float = 600.0) -> None:
        """url: of the server. key: as ``docagent keys create`` showed it. timeout: seconds without
        a sign of life. Raises MissingExtraError without the extra ``client``, SettingsError for a
        URL that is none."""
        try:
            import httpx2
        except ImportError as error:
            raise MissingExtraError("DocAgent(url=...)", "client") from error
        if not url.startswith(("http://", "https://")):
            raise SettingsError(f"url={url!r} is not an address; give http://HOST:PORT")
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._http = httpx2.Client(base_url=url.rstrip("/"), headers=headers, timeout=timeout)
        self._url, self._errors = url, httpx2.HTTPError
        weakref.finalize(self, self._http.close)

    def run(
        self, name: str, source: Any, options: Mapping[str, Any], progress: Progress | None
    ) -> Any:
        """The result of a verb, of the verb's own type. Raises what the verb raises on this
        machine, and ServerError if the server cannot be reached or refuses the key."""
        sent = {n: _to_json(n, v) for n, v in options.items() if v is not None}
        response = self._submit(name, source, sent, WAIT_SECONDS if progress is None else 0)
        if response.status_code == 202:
            response = self._await(response.json()["id"], progress)
        return RESULTS[name].model_validate_json(response.content)

    def chat(self, source: Any) -> RemoteChat:
        """Start a conversation about a source on the server."""
        if isinstance(source, Document):
            document_id, name = source.id, source.name
        else:
            file = _to_file(source)
            stored = self.send("POST", "/v1/documents", files={"file": file}).json()
            document_id, name = stored["id"], stored["name"]
        chat = self.send("POST", "/v1/chats", json={"document_id": document_id, "title": name})
        return RemoteChat(self, chat.json()["id"], document_id)

    def send(self, method: str, path: str, **given: Any) -> httpx2.Response:
        """One request, tried again while the server is busy or away. Raises the error that the
        problem in the answer stands for."""
        for attempt in range(1, TRIES + 1):
            wait = 0.5 * 2**attempt
            try:
                response = self._http.request(method, path, **given)
            except self._errors as error:
                if attempt == TRIES:
                    raise ServerError(
                        f"{self._url}: the server cannot be reached ({type(error).__name__}); "
                        "check the address, and that `docagent serve` runs there",
                        "unreachable",
                    ) from error
            else:
                if response.is_success:
                    return response
                error_ = to_error(response.content, response.status_code)
                if not (error_.retryable and attempt < TRIES):
                    raise error_
                wait = float(response.headers.get("retry-after", wait))
            time.sleep(min(wait, 30.0))
        raise AssertionError("the last try returns or raises")

    def stream(self, path: str, body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """Name and data of each server-sent event that a POST is answered with."""
        headers = {"Accept": "text/event-stream"}
        with self._http.stream("POST", path, json=body, headers=headers) as response:
            if not response.is_success:
                raise to_error(response.read(), response.status_code)
            event = "message"
            for line in response.iter_lines():
                name, _, value = line.partition(":")
                if name == "event":
                    event = value.strip()
                elif name == "data":
                    yield event, value.strip()

    def _submit(
        self, name: str, source: Any, options: Mapping[str, Any], wait: int
    ) -> httpx2.Response:
        headers = {"Prefer": f"wait={wait}" if wait else "respond-async"}
        path = f"/v1/{name}"
        if isinstance(source, Document):
            body = {"document_id": source.id, **options}
            return self.send("POST", path, json=body, headers=headers)
        form = {name: _to_field(value) for name, value in options.items()}
        files = {"file": _to_file(source)}
        return self.send("POST", path, data=form, files=files, headers=headers)

    def _await(self, job_id: str, progress: Progress | None) -> httpx2.Response:
        while True:
            job = self.send("GET", f"/v1/jobs/{job_id}").json()
            if progress is not None and job["pages_total"]:
                progress(job["pages_done"], job["pages_total"])
            if job["finished"] is not None:
                return self.send("GET", f"/v1/jobs/{job_id}/result")
            time.sleep(POLL_SECONDS)


class RemoteChat:
    """A conversation that a server keeps; used like ``Chat``."""

    def __init__(self, agent: RemoteAgent, chat_id: str, document_id: str) -> None:
        self._agent = agent
        self._path = f"/v1/chats/{chat_id}"
        self._document_path = f"/v1/documents/{document_id}/text?format=json"

    @property
    def document(self) -> Document:
        """The document that is talked about, as the server read it."""
        return Document.model_validate_json(self._agent.send("GET", self._document_path).content)

    @property
    def turns(self) -> tuple[Turn, ...]:
        """The turns so far, oldest first."""
        messages = self._agent.send("GET", self._path).json()["messages"]
        return tuple(Turn.model_validate(m["turn"]) for m in messages if m["turn"] is not None)

    def ask(self, question: str) -> Turn:
        """The answer with citations, or a typed abstention; as ``Chat.ask``."""
        turn = [event.turn for event in self.stream(question)][-1]
        assert turn is not None
        return turn

    def stream(self, question: str) -> Iterator[ChatEvent]:
        """Events while the question is answered; the last one has the turn; as ``Chat.stream``."""
        for event, data in self._agent.stream(f"{self._path}/messages", {"question": question}):
            if event == "error":
                raise to_error(data.encode(), 500)
            yield ChatEvent.model_validate_json(data)


class _HasRemote(Protocol):
    _remote: RemoteAgent | None


A = TypeVar("A", bound=_HasRemote)


def served(method: Callable[Concatenate[A, P], T]) -> Callable[Concatenate[A, P], T]:
    """A verb of an agent that runs on the agent's server, if it has one."""
    signature = inspect.signature(method)
    name = method.__name__

    @wraps(method)
    def call(self: A, /, *args: P.args, **kwargs: P.kwargs) -> T:
        if self._remote is None:
            return method(self, *args, **kwargs)
        given = dict(signature.bind(self, *args, **kwargs).arguments)
        del given["self"]
        source, progress = given.pop("source"), given.pop("progress", None)
        if name not in RESULTS:
            return cast(T, self._remote.chat(source))
        result = self._remote.run(name, source, given, progress)
        if isinstance(result, Extraction):
            result = _with_instance(result, given["schema"])
        return cast(T, result)

    return call


def _with_instance(extraction: Extraction, schema: Any) -> Extraction:
    """With ``parsed``, if the schema is a pydantic class; the server knows only its JSON Schema."""
    is_class = isinstance(schema, type) and issubclass(schema, BaseModel)
    checked = load_schema(schema) if is_class else schema
    if not isinstance(checked, Schema) or checked.model is None:
        return extraction
    instance, reasons = checked.parse(extraction.data)
    if instance is not None:
        return extraction.replace(parsed=instance)
    return extraction.replace(valid=False, errors=extraction.errors or reasons)


def to_error(content: bytes, status: int) -> DocAgentError:
    """The error that a problem detail stands for, of the class that the library would raise."""
    try:
        problem = json.loads(content)
        code, detail = str(problem["code"]), str(problem["detail"])
    except (ValueError, KeyError, TypeError):
        return ServerError(f"the server answered {status} without a reason", "refused")
    family, _, fault = code.partition(".")
    made: DocAgentError
    if family == "source":
        source, _, reason = detail.partition(": ")
        made = SourceError(source, reason or detail, cast(Any, fault))
    elif family == "schema":
        made = SchemaError("given", "", detail, cast(Any, fault))
    elif family == "vlm":
        made = VlmError(detail, cast(Any, fault))
    elif family in _FAMILIES and code != "store.refused":
        made = _FAMILIES[family](detail, fault)
    else:
        can_retry = bool(problem.get("retryable"))
        made = ServerError(detail, "busy" if can_retry else "refused")
    made.args = (detail,)
    made.code = code
    return made


_FAMILIES: Mapping[str, Callable[[str, Any], DocAgentError]] = {
    "settings": SettingsError,
    "model": ModelError,
    "store": StoreError,
}


def _to_file(source: Any) -> tuple[str, bytes]:
    """Name and bytes of a source. Raises SourceError for one that cannot be sent."""
    if isinstance(source, bytes):
        return "bytes", source
    if isinstance(source, str | os.PathLike):
        path = Path(source)
        try:
            return path.name, path.read_bytes()
        except FileNotFoundError:
            raise SourceError(str(path), "there is no such file", "missing") from None
        except OSError as error:
            raise SourceError(str(path), f"it cannot be read ({error})", "no_access") from error
    if isinstance(source, np.ndarray):
        try:
            pixels = array_to_pixels(source, color=True)
        except ValueError as error:
            raise SourceError("array", str(error), "unsupported") from error
        source = Image.fromarray(pixels[:, :, ::-1])
    if isinstance(source, Image.Image):
        stream = io.BytesIO()
        source.save(stream, "PNG")
        return "image.png", stream.getvalue()
    if hasattr(source, "read"):
        return str(getattr(source, "name", "stream")), source.read()
    raise SourceError(
        type(source).__name__,
        "this cannot be sent to a server; give a path, bytes, an array, a Pillow image, or a "
        "Document that the server has read",
        "not_a_file",
    )


def _to_json(name: str, value: Any) -> Any:
    """An option in JSON types; files and classes of schemas are sent as JSON Schema."""
    if name == "schema":
        return _schema_to_json(value)
    if name == "schemas":
        return [_schema_to_json(one) for one in value]
    return list(value) if isinstance(value, tuple) else value


def _schema_to_json(schema: Any) -> Any:
    if isinstance(schema, str) and not Path(schema).is_file():
        return schema
    if isinstance(schema, Mapping):
        return dict(schema)
    loaded: Schema = load_schema(schema, allow_auto=True)
    if loaded == AUTO or loaded in list_schemas():
        return loaded.name
    return {"name": loaded.name, "schema": dict(loaded.json_schema)}


def _to_field(value: Any) -> Any:
    """A value of a form."""
    if isinstance(value, list):
        return [_to_field(one) for one in value]
    return json.dumps(value) if isinstance(value, dict) else str(value)
