"""Every error docagent raises on purpose.

    DocAgentError
    ├── SourceError          the input cannot be used (file, bytes, page)
    ├── SchemaError          an extraction schema is wrong; names the place
    ├── SettingsError        a setting or argument has a value that is not allowed
    ├── MissingExtraError    an optional package is needed; names the extra to install
    ├── ModelError           shipped or user-given weights cannot be used
    └── VlmError             a vision-language model gave no answer; the verbs catch it

A message names the bad value, what is allowed, and what to do next.
"""

from typing import Literal

VlmFault = Literal["connection", "timeout", "busy", "server", "length", "refused", "model"]
"""Why there is no answer. connection: not reached, or lost. timeout: too slow. busy: 429.
server: 5xx. length: the request is longer than the model takes. refused: any other 4xx. model:
the chat model itself raised."""


class DocAgentError(Exception):
    """Root of every error raised on purpose; its text is a sentence for the user."""


class SourceError(DocAgentError):
    """A document source is missing, broken, empty, encrypted, too large or of an unknown kind."""

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(f"{source}: {reason}")
        self.source = source
        self.reason = reason


class SchemaError(DocAgentError):
    """An extraction schema is invalid; ``place`` is a JSON pointer into it."""

    def __init__(self, schema: str, place: str, reason: str) -> None:
        super().__init__(f"schema {schema}, at {place or '/'}: {reason}")
        self.schema = schema
        self.place = place
        self.reason = reason


class SettingsError(DocAgentError):
    """A setting or argument has a value that is not allowed."""


class MissingExtraError(DocAgentError):
    """An optional dependency is not installed."""

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f"{feature} needs the '{extra}' extra: pip install 'docagent[{extra}]'")
        self.extra = extra


class ModelError(DocAgentError):
    """Model weights are missing, damaged or do not fit the code."""


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
        self.status = status
        self.retry_after = retry_after

    @property
    def retryable(self) -> bool:
        """Whether the same request may succeed a moment later."""
        return self.fault in ("connection", "timeout", "busy", "server")
