"""The store of documents, results, labels, chats, jobs, keys and the audit log.

    from docagent.store import open_store
    store = open_store(Settings.from_env())
    library = store.library(key.owner)                 # or store.library() without keys
    document, is_new = library.documents.add(data, "invoice.pdf")
    job, is_new = library.jobs.submit(document.id, "extract", {"schema": "invoice"})
    job = library.jobs.wait(job.id, seconds=20)
    result = library.results.get(job.result_id).result

SQLite is the default, PostgreSQL is another URL. The library's own types are stored as JSON and
come back equal. Every row belongs to an owner, and a ``Library`` reaches those of one owner only.

This package needs the extra ``serve``. The types can be imported without it.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from docagent.errors import MissingExtraError
from docagent.store.types import (
    FINAL_STATES,
    LOCAL,
    AuditEntry,
    Chat,
    Delivery,
    Hit,
    Job,
    JobError,
    JobStage,
    JobState,
    Key,
    Label,
    Message,
    Order,
    SavedSchema,
    Scope,
    Slice,
    StoredDocument,
    StoredResult,
    Verdict,
    Webhook,
)

if TYPE_CHECKING:
    from docagent.settings import Settings
    from docagent.store.store import Store

__all__ = [
    "FINAL_STATES",
    "LOCAL",
    "AuditEntry",
    "Chat",
    "Delivery",
    "Hit",
    "Job",
    "JobError",
    "JobStage",
    "JobState",
    "Key",
    "Label",
    "Message",
    "Order",
    "SavedSchema",
    "Scope",
    "Slice",
    "StoredDocument",
    "StoredResult",
    "Verdict",
    "Webhook",
    "open_store",
    "require_store",
]

_PACKAGES = ("alembic", "fsspec", "platformdirs", "sqlalchemy")


def require_store() -> None:
    """Raises MissingExtraError if the packages that the store needs are not installed."""
    missing = [name for name in _PACKAGES if find_spec(name) is None]
    if missing:
        raise MissingExtraError("The store of documents and jobs", "serve")


def open_store(settings: Settings | None = None) -> Store:
    """Open the store that the settings name (``Settings.store``), by default that of the user, and
    make it if there is none. Raises MissingExtraError without the extra ``serve``, and the errors
    of ``Store``."""
    require_store()
    from docagent.store.store import Store

    return Store(settings)
