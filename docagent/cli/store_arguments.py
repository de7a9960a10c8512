"""The arguments of ``docagent documents`` and ``docagent worker``."""

from __future__ import annotations

import argparse

from docagent.cli.vlm_arguments import to_sentence

_DOCUMENTS = "list, show, export or delete the documents of the store"
_WORKER = (
    "run the jobs of the store until stopped, beside a server or on another machine with the same "
    "store (DOCAGENT_STORE_URL, DOCAGENT_STORE_FILES)"
)
_ID = "id of a document, or its beginning if no other one begins so"
_OWNER = (
    "whose documents: the owner of a server's key; by default those that were added without a key"
)
_EXPORT = (
    "write a document and everything that was made of it into a folder: the file, its text, "
    "results, labels and chats"
)
_DELETE = (
    "delete documents with everything that was made of them: text, results, labels, chats, jobs, "
    "their places in the search index, and the files unless another owner has them too"
)
_OLDER = "delete the documents of all owners that were added more than DAYS days ago"

Verbs = argparse._SubParsersAction  # the type has no public name


def add_documents(verbs: Verbs[argparse.ArgumentParser]) -> None:
    """The verb ``documents`` with its actions."""
    documents = verbs.add_parser("documents", help=_DOCUMENTS, description=to_sentence(_DOCUMENTS))
    actions = documents.add_subparsers(title="actions", metavar="ACTION", required=True)

    listing = actions.add_parser("list", help="list documents, newest first")
    listing.add_argument("--search", metavar="QUERY", help="pages with these words and phrases")
    listing.set_defaults(action="list")

    show = actions.add_parser("show", help="show a document and what was made of it")
    show.add_argument("id", metavar="ID", help=_ID)
    show.set_defaults(action="show")

    export = actions.add_parser("export", help=_EXPORT, description=to_sentence(_EXPORT))
    export.add_argument("id", metavar="ID", help=_ID)
    export.add_argument("-o", "--output", required=True, metavar="FOLDER", help="a new folder")
    export.set_defaults(action="export")

    delete = actions.add_parser("delete", help="delete documents", description=to_sentence(_DELETE))
    delete.add_argument("ids", nargs="*", metavar="ID", help=_ID)
    delete.add_argument("--older", type=float, metavar="DAYS", help=_OLDER)
    delete.set_defaults(action="delete")

    for action in (listing, show, export, delete):
        action.add_argument("--owner", default="", help=_OWNER)
        action.add_argument("--json", action="store_true", help="print JSON")
        action.add_argument("--debug", action="store_true", help="show logs and tracebacks")
        action.set_defaults(run=_run_documents, verb="documents")


def add_worker(verbs: Verbs[argparse.ArgumentParser]) -> None:
    """The verb ``worker``."""
    worker = verbs.add_parser("worker", help=_WORKER, description=to_sentence(_WORKER))
    worker.add_argument("--name", default="worker", help="name in the server's job list")
    worker.add_argument("--debug", action="store_true", help="show logs and tracebacks")
    worker.set_defaults(run=_run_worker, verb="worker")


def _run_documents(args: argparse.Namespace) -> int:
    _require_store()
    from docagent.cli.stored_documents import run_stored_documents

    return run_stored_documents(args)


def _run_worker(args: argparse.Namespace) -> int:
    _require_store()
    from docagent.cli.worker import run_jobs

    return run_jobs(args)


def _require_store() -> None:
    """Raises MissingExtraError before a module is imported that cannot be without the extra."""
    from docagent.store import require_store

    require_store()
