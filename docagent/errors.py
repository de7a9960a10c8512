"""Every error docagent raises on purpose.

    DocAgentError
    ├── SourceError          the input cannot be used (file, bytes, page)
    ├── SchemaError          an extraction schema is invalid; names the place
    ├── SettingsError        a setting or argument has a value that is not allowed
    ├── MissingExtraError    an optional package is needed; names the extra to install
    ├── ModelError           shipped or user-given weights cannot be used
    ├── StoreError           the store of documents and jobs has no such thing, or cannot do it
    ├── VlmError             a vision-language model gave no answer; the verbs catch it
    └── ServerError          (client) a docagent server was not reached, or refuses the request

A message names the bad value, what is allowed, and what to do next. Programs use two attributes
instead of the message: ``code`` identifies the failure and stays the same between versions, and
``retryable`` is true where the same call may succeed a moment later.

    source.missing           there is no such file, or no document in a folder
    source.not_a_file        it is a folder, a device, or an object of another type
    source.no_access         the file cannot be read, for example for lack of permission
    source.unsupported       docagent does not read this kind of file
    source.empty             it has no bytes, or no pages
    source.encrypted         it needs a password, or another one
    source.damaged           it is broken or cut short
    source.too_large         it has too many bytes, pages or pixels, or needs too much memory
    source.too_small         it has too few pixels to hold text
    source.timeout           parsing or reading it took too long (retryable)
    source.unreadable        none of its pages could be read, or an engine failed on it
    source.no_page           it has none of the pages asked for
    schema.missing           there is no schema, or no field, of that name
    schema.invalid           the schema is invalid
    settings.invalid         a value is not allowed
    settings.not_installed   the engine named is not installed
    settings.output          results cannot be written
    extra.missing            an optional package is not installed
    model.missing            the file of weights does not exist
    model.unusable           weights are damaged or do not fit the code
    store.missing            there is no such document, result, chat, job, schema or webhook
    store.conflict           it was changed by someone else, or its name or key is taken
    store.full               too many jobs wait (retryable)
    store.refused            there is no such key, or it expired or was revoked
    store.invalid            a value is not allowed
    store.unavailable        the database or the files cannot be reached (retryable)
    store.locked             the database or a file is encrypted with another key
    store.damaged            a file is missing or was changed
    store.newer              the database was made by a newer version of docagent
    job.lost                 every worker that ran the job was lost
    job.timeout              the job took longer than allowed
    job.fault                (only in jobs) a bug in docagent
    vlm.FAULT                one of the faults of ``VlmFault``; connection, timeout, busy and server
                             are retryable
    server.unreachable       (client) the server was not reached (retryable)
    server.busy              (client) the server refuses the request for now (retryable)
    server.refused           (client) the server refuses the request
    docagent.fault           (only in lines of ``--json``) a bug in docagent
"""

from typing import Literal

SourceFault = Literal[
    "missing",
    "not_a_file",
    "no_access",
    "unsupported",
    "empty",
    "encrypted",
    "damaged",
    "too_large",
    "too_small",
    "timeout",
    "unreadable",
    "no_page",
]
SchemaFault = Literal["missing", "invalid"]
SettingsFault = Literal["invalid", "not_installed", "output"]
ModelFault = Literal["missing", "unusable"]
StoreFault = Literal[
    "missing",
    "conflict",
    "full",
    "refused",
    "invalid",
    "unavailable",
    "locked",
    "damaged",
    "newer",
]
ServerFault = Literal["unreachable", "busy", "refused"]
VlmFault = Literal["connection", "timeout", "busy", "server", "length", "refused", "model"]
"""Why there is no answer. connection: the server was not reached, or the connection was lost.
timeout: the server was too slow. busy: HTTP 429. server: HTTP 5xx. length: the request is longer
than the model's context. refused: any other HTTP 4xx. model: the chat model itself raised."""


class DocAgentError(Exception):
    """Root of every error raised on purpose; its text is a sentence for the user.

    code: identifies the failure for programs; the docstring of this module lists the codes.
    """

    code = "docagent.error"

    @property
    def retryable(self) -> bool:
        """Whether the same call may succeed a moment later."""
        return False


class SourceError(DocAgentError):
    """A document source is missing, broken, empty, encrypted, too large or of an unknown kind.

    source: path or name of the source. reason: the message without the source.
    """

    def __init__(self, source: str, reason: str, fault: SourceFault = "unreadable") -> None:
        super().__init__(f"{source}: {reason}")
        self.source = source
        self.reason = reason
        self.fault = fault
        self.code = f"source.{fault}"

    @property
    def retryable(self) -> bool:
        """True for a timeout only."""
        return self.fault == "timeout"


class SchemaError(DocAgentError):
    """An extraction schema is invalid; ``place`` is a JSON pointer into it."""

    def __init__(
        self, schema: str, place: str, reason: str, fault: SchemaFault = "invalid"
    ) -> None:
        super().__init__(f"schema {schema}, at {place or '/'}: {reason}")
        self.schema = schema
        self.place = place
        self.reason = reason
        self.code = f"schema.{fault}"


class SettingsError(DocAgentError):
    """A setting or argument has a value that is not allowed.

    setting: path of the setting, such as ``vlm.url``; empty for an argument.
    """

    def __init__(
        self, message: str, fault: SettingsFault = "invalid", *, setting: str = ""
    ) -> None:
        super().__init__(message)
        self.code = f"settings.{fault}"
        self.setting = setting


class MissingExtraError(DocAgentError):
    """An optional dependency is not installed."""

    code = "extra.missing"

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f"{feature} needs the '{extra}' extra: {install_extra(extra)}")
        self.extra = extra


class ModelError(DocAgentError):
    """Model weights are missing, damaged or do not fit the code."""

    def __init__(self, message: str, fault: ModelFault = "unusable") -> None:
        super().__init__(message)
        self.code = f"model.{fault}"


class StoreError(DocAgentError):
    """The store has no such thing, or cannot do what it was asked to.

    fault: the class of the failure.
    """

    def __init__(self, message: str, fault: StoreFault) -> None:
        super().__init__(message)
        self.fault = fault
        self.code = f"store.{fault}"

    @property
    def retryable(self) -> bool:
        """True while too many jobs wait, or the database or files cannot be reached."""
        return self.fault in ("full", "unavailable")


class VlmError(DocAgentError):
    """A call to a vision-language model failed.

    fault: the class of the failure. status: HTTP status, 0 if there was none. retry_after:
    seconds the server asked to wait, 0 if it did not say.
    """

    def __init__(
        self, message: str, fault: VlmFault, status: int = 0, retry_after: float = 0.0
    ) -> None:
        super().__init__(message)
        self.fault = fault
        self.code = f"vlm.{fault}"
        self.status = status
        self.retry_after = retry_after

    @property
    def retryable(self) -> bool:
        """Whether the same request may succeed a moment later."""
        return self.fault in ("connection", "timeout", "busy", "server")


class ServerError(DocAgentError):
    """A docagent server was not reached, or refuses a request for a reason that only servers have,
    such as a missing key; then ``code`` is the server's own."""

    def __init__(self, message: str, fault: ServerFault) -> None:
        super().__init__(message)
        self.fault = fault
        self.code = f"server.{fault}"

    @property
    def retryable(self) -> bool:
        """Whether the same request may succeed later."""
        return self.fault != "refused"


def install_extra(extra: str) -> str:
    """The command that installs an extra. It installs from the repository, as docagent is not on a
    package index."""
    return f"pip install '.[{extra}]' in the folder of docagent's repository"
