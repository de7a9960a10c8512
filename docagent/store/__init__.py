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
]


def open_store(settings: Settings | None = None) -> Store:
    """Open the store that the settings name (``Settings.store``), by default that of the user, and
    make it if there is none. Raises MissingExtraError without the extra ``serve``, and the errors
    of ``Store``."""
    try:
        from docagent.store.store import Store
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "docagent":
            raise
        raise MissingExtraError("The store of documents", "serve") from error
    return Store(settings)
