"""``docagent documents list | show | export | delete``: what the store has of one owner."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from docagent.cli.printing import console, printable
from docagent.document import Frozen
from docagent.errors import SettingsError
from docagent.settings import Settings
from docagent.store import LOCAL, Hit, StoredDocument, StoredResult, open_store
from docagent.store.export import export_document, results_of

if TYPE_CHECKING:
    from docagent.store.store import Library, Store

SHORT_ID = 12
"""Characters of an id in tables; more than enough to tell documents apart."""
_KILOBYTE = 1000


def run_stored_documents(args: argparse.Namespace) -> int:
    """Runs the action that was asked for; returns 0. Raises DocAgentError for wrong arguments and
    for a store that cannot be used."""
    with _opened() as store:
        library = store.library(args.owner or LOCAL)
        _ACTIONS[args.action](args, store, library)
    return 0


@contextmanager
def _opened() -> Iterator[Store]:
    store = open_store(Settings.from_env())
    try:
        yield store
    finally:
        store.close()


def _list(args: argparse.Namespace, store: Store, library: Library) -> None:
    if args.search is not None:
        _print_hits(library.search(args.search, limit=100), args.json)
        return
    table = _table("id", "name", "pages", "size", "added")
    after, is_first = None, True
    while is_first or after is not None:
        found = library.documents.list(limit=1000, after=after)
        after, is_first = found.next, False
        for document in found.items:
            if args.json:
                print(document.model_dump_json())
            else:
                table.add_row(*_cells(document))
    if not args.json:
        console().print(table)


def _show(args: argparse.Namespace, store: Store, library: Library) -> None:
    document = library.documents.find(args.id)
    results = results_of(library, document.id)
    if args.json:
        shown = json.loads(document.model_dump_json())
        shown["results"] = [_without_result(result) for result in results]
        print(json.dumps(shown, ensure_ascii=False, indent=2))
        return
    out = console()
    table = _table("", "")
    table.show_header = False
    for name, value in document.model_dump(mode="json").items():
        table.add_row(name, printable(str("" if value is None else value)))
    out.print(table)
    if results:
        made = _table("result", "verb", "options", "made", "labels")
        for result in results:
            options = json.dumps(dict(result.options), ensure_ascii=False)
            labels = str(len(library.results.labels(result.id)) or "")
            when = f"{result.created:%Y-%m-%d %H:%M}"
            made.add_row(result.id, result.verb, printable(options), when, labels)
        out.print(made)


def _export(args: argparse.Namespace, store: Store, library: Library) -> None:
    document = library.documents.find(args.id)
    folder = Path(args.output)
    files = export_document(library, document.id, folder)
    store.audit.append(library.owner, "document.export", document.id)
    if args.json:
        print(json.dumps({"id": document.id, "files": [str(path) for path in files]}))
    else:
        print(f"{len(files)} files in {folder}")


def _delete(args: argparse.Namespace, store: Store, library: Library) -> None:
    if bool(args.ids) == (args.older is not None):
        raise SettingsError("name the documents to delete, or give --older DAYS")
    if args.older is not None:
        if args.older <= 0:
            raise SettingsError(f"--older {args.older:g}: give a number of days above 0")
        count = store.deletion.delete_older(args.older, "command line")
        print(json.dumps({"deleted": count}) if args.json else f"deleted {count} documents")
        return
    # All are looked up first, so that a wrong id deletes nothing.
    for document in [library.documents.find(name) for name in args.ids]:
        library.documents.delete(document.id, "command line")
        if args.json:
            print(json.dumps({"deleted": document.id}))
        else:
            console().print(Text(f"deleted {document.id[:SHORT_ID]} ") + printable(document.name))


_ACTIONS = {"list": _list, "show": _show, "export": _export, "delete": _delete}


def _print_hits(hits: list[Hit], as_json: bool) -> None:
    table = _table("id", "name", "page", "text")
    for hit in hits:
        if as_json:
            print(hit.model_dump_json())
        else:
            text = hit.snippet.replace("\x02", "").replace("\x03", "")
            name = printable(hit.name)
            table.add_row(hit.document_id[:SHORT_ID], name, str(hit.page), printable(text))
    if not as_json:
        console().print(table)


def _cells(document: StoredDocument) -> tuple[str | Text, ...]:
    return (
        document.id[:SHORT_ID],
        printable(document.name),
        "" if document.pages is None else str(document.pages),
        f"{max(1, round(document.size / _KILOBYTE)):,} kB",
        f"{document.created:%Y-%m-%d %H:%M}",
    )


def _table(*headings: str) -> Table:
    table = Table()
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _without_result(result: StoredResult) -> Mapping[str, Any]:
    return json.loads(_json(result, exclude={"result"}))  # type: ignore[no-any-return]


def _json(value: Frozen, **given: Any) -> str:
    return value.model_dump_json(by_alias=True, **given)
