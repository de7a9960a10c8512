"""Results of one owner, and the labels that people give to their fields."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal

from sqlalchemy import Connection, Select, exists, func, insert, select, update
from sqlalchemy.engine import Row

from docagent.document import Frozen
from docagent.errors import StoreError
from docagent.results import Extraction, Field
from docagent.store.audit import Audit
from docagent.store.database import Database
from docagent.store.rows import (
    from_json,
    missing,
    new_id,
    now,
    slice_of,
    to_json,
    to_text,
    to_time,
)
from docagent.store.tables import documents, labels, results
from docagent.store.types import Label, Order, Slice, StoredResult, Verdict
from docagent.verbs import VERBS

WITHDRAWN: Literal["withdrawn"] = "withdrawn"
"""Verdict of the entry that takes the label before it back."""


class Results:
    """Saves and reads the results of one owner."""

    def __init__(self, database: Database, audit: Audit, owner: str) -> None:
        self._database = database
        self._audit = audit
        self.owner = owner

    def save(
        self, document_id: str, verb: str, options: Mapping[str, Any], result: Frozen
    ) -> StoredResult:
        """Store what a verb returned. options: JSON types. Raises StoreError if the owner has no
        such document, or if ``result`` is not of the type that the verb returns."""
        with self._database.write() as connection:
            made = insert_result(connection, self.owner, document_id, verb, options, result)
        return self.get(made)

    def get(self, result_id: str) -> StoredResult:
        """A result, as often as it is asked for. Raises StoreError if the owner has none with that
        id."""
        with self._database.read() as connection:
            row = connection.execute(self._query().where(results.c.id == result_id)).first()
        if row is None:
            raise missing("result", result_id)
        return _to_result(row)

    def get_json(self, result_id: str) -> tuple[str, str]:
        """The result alone as the JSON text that was saved, equal to ``get(result_id).result`` as
        JSON, and the id of its document. Raises StoreError as ``get``."""
        query = select(results.c.result, results.c.document_id).where(
            results.c.owner == self.owner, results.c.id == result_id
        )
        with self._database.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            raise missing("result", result_id)
        return row.result, row.document_id

    def list(
        self,
        limit: int = 100,
        after: str | None = None,
        order: Order = "newest",
        *,
        document_id: str | None = None,
        verb: str | None = None,
        reviewed: bool | None = None,
    ) -> Slice[StoredResult]:
        """Results. order: ``newest``, ``oldest``, or ``expected_error``: those with fields, the
        most errors first. The other arguments select; limit: 1 to 1000."""
        query = self._query()
        for column, wanted in (
            (results.c.document_id, document_id),
            (results.c.verb, verb),
            (results.c.reviewed, reviewed),
        ):
            if wanted is not None:
                query = query.where(column == wanted)
        first = results.c.created
        if order == "expected_error":
            first = results.c.expected_errors
            query = query.where(first.is_not(None))
        window = (limit, after, order != "oldest")
        with self._database.read() as connection:
            return slice_of(connection, query, (first, results.c.id), window, _to_result)

    def label(
        self,
        result_id: str,
        path: str,
        verdict: Verdict,
        value: Any = None,
        *,
        note: str = "",
        author: str = "",
        revision: int | None = None,
    ) -> Label:
        """Write what a person says of a field; earlier labels stay in its history.

        value: JSON types; used with the verdict ``edited`` only. author: by default the owner.
        revision: that of the label which the person saw, 0 for none; None writes in any case.
        Raises StoreError if there is no such result or field, and ``store.conflict`` if someone
        else has written a label since.
        """
        stored = self.get(result_id)
        known = [field.path for field in _fields(stored.result)]
        if path not in known:
            raise missing("field", path)
        values = {
            "verdict": verdict,
            "value": to_json(value if verdict == "edited" else None),
            "note": to_text(note),
        }
        with self._label_after(result_id, path, revision) as (connection, last):
            number = 1 if last is None else last.revision + 1
            self._insert_label(connection, result_id, path, number, author, values)
            details = {"path": path, "verdict": verdict, "revision": number}
            self._audit.append_in(connection, author or self.owner, "label", result_id, details)
        return self.labels(result_id)[path]

    def withdraw(
        self, result_id: str, path: str, *, author: str = "", revision: int | None = None
    ) -> None:
        """Take the label of a field back, so that the machine's value counts again; the history
        keeps both. author, revision: as for ``label``. Raises StoreError if there is no such
        result or no label that counts, and ``store.conflict`` as ``label`` does."""
        with self._label_after(result_id, path, revision) as (connection, last):
            if last is None or last.verdict == WITHDRAWN:
                raise missing("label of the field", path)
            values = {"verdict": WITHDRAWN, "value": to_json(None), "note": ""}
            number = last.revision + 1
            self._insert_label(connection, result_id, path, number, author, values)
            details = {"path": path, "revision": number}
            action = "label.withdraw"
            self._audit.append_in(connection, author or self.owner, action, result_id, details)

    @contextmanager
    def _label_after(
        self, result_id: str, path: str, revision: int | None
    ) -> Iterator[tuple[Connection, Row[Any] | None]]:
        """A transaction that adds to the labels of a field, and the last of them. Raises StoreError
        if it is not the one of that revision, 0 for none or one that was taken back."""
        with self._database.write() as connection:
            mine = (results.c.owner == self.owner, results.c.id == result_id)
            lock = select(results.c.id).where(*mine).with_for_update()
            if connection.execute(lock).first() is None:
                raise missing("result", result_id)
            last = connection.execute(_last_label(result_id, path)).first()
            counting = 0 if last is None or last.verdict == WITHDRAWN else last.revision
            if revision is not None and revision != counting:
                raise StoreError(
                    f"the field {path} has label {counting}, not {revision}: someone else wrote it "
                    "since; read it again",
                    "conflict",
                )
            yield connection, last
            _mark_reviewed(connection, result_id)

    def _insert_label(
        self,
        connection: Connection,
        result_id: str,
        path: str,
        revision: int,
        author: str,
        values: Mapping[str, Any],
    ) -> None:
        row = {
            "result_id": result_id,
            "path": path,
            "revision": revision,
            "author": to_text(author or self.owner),
            "created": now(),
        }
        connection.execute(insert(labels), {**row, **values})

    def labels(self, result_id: str) -> dict[str, Label]:
        """The label that counts for each field that has one, by path. Raises StoreError if there
        is no such result."""
        last = {label.path: label for label in self.label_history(result_id)}
        return {path: label for path, label in last.items() if label.verdict != WITHDRAWN}

    def label_history(self, result_id: str) -> tuple[Label, ...]:
        """Every label that was written, oldest first. Raises StoreError if there is no such
        result."""
        query = (
            select(labels)
            .where(labels.c.result_id == result_id)
            .order_by(labels.c.path, labels.c.revision)
        )
        with self._database.read() as connection:
            self._check(connection, result_id)
            rows = connection.execute(query).all()
        return tuple(map(_to_label, rows))

    def _check(self, connection: Connection, result_id: str) -> None:
        mine = select(results.c.id).where(results.c.owner == self.owner, results.c.id == result_id)
        if connection.execute(mine).first() is None:
            raise missing("result", result_id)

    def _query(self) -> Select[Any]:
        return select(results).where(results.c.owner == self.owner)


def insert_result(
    connection: Connection,
    owner: str,
    document_id: str,
    verb: str,
    options: Mapping[str, Any],
    result: Frozen,
    job_id: str | None = None,
) -> str:
    """Insert a result in a transaction; returns its id. Raises StoreError as ``Results.save``."""
    if verb not in VERBS or VERBS[verb].is_conversation:
        raise StoreError(f"{verb!r} is not a verb with a result", "invalid")
    wanted = VERBS[verb].result_type
    if not isinstance(result, wanted):
        raise StoreError(
            f"{verb} returns {wanted.__name__}, not {type(result).__name__}", "invalid"
        )
    require_document(connection, owner, document_id)
    made = new_id()
    values = {
        "id": made,
        "owner": owner,
        "document_id": document_id,
        "verb": verb,
        "options": to_json(dict(options)),
        "result": result.model_dump_json(by_alias=True),
        "job_id": job_id,
        "fields": sum(1 for _ in _fields(result)),
        "expected_errors": expected_errors(result),
        "reviewed": False,
        "created": now(),
    }
    connection.execute(insert(results), values)
    return made


def require_document(connection: Connection, owner: str, document_id: str) -> None:
    """Raises StoreError if the owner has no such document; else it stays until the end of the
    transaction."""
    query = select(documents.c.owner).where(
        documents.c.owner == owner, documents.c.content_id == document_id
    )
    if connection.execute(query.with_for_update(read=True, key_share=True)).first() is None:
        raise missing("document", document_id)


def expected_errors(result: Frozen) -> float | None:
    """How many errors are to be expected among the values that a reviewer is shown. None for
    results without fields.

    A value counts with the probability that it is wrong (1 where that is not known), and a field
    that was found but has no value, such as an illegible one, counts 1. What the document does not
    have counts nothing: nothing is shown. A failed check means that at least one of its values is
    wrong, so that they count 1 together where they would count less.
    """
    if not isinstance(result, Extraction):
        return None
    doubts = {field.path: _doubt(field) for field in result.fields}
    checked = (
        max(0.0, 1.0 - sum(doubts.get(path, 0.0) for path in check.paths))
        for check in result.checks
        if check.status == "failed"
    )
    return sum(doubts.values()) + sum(checked)


def _doubt(field: Field) -> float:
    """Probability that what a reviewer is shown of a field is wrong."""
    if field.value is None:
        return 0.0 if field.status in ("found", "not_present") else 1.0
    return 1.0 if field.confidence is None else 1.0 - field.confidence


def _fields(result: Frozen) -> Iterable[Any]:
    return result.fields if isinstance(result, Extraction) else ()


def _last_label(result_id: str, path: str) -> Select[Any]:
    mine = (labels.c.result_id == result_id, labels.c.path == path)
    query = select(labels.c.revision, labels.c.verdict).where(*mine)
    return query.order_by(labels.c.revision.desc()).limit(1)


def _mark_reviewed(connection: Connection, result_id: str) -> None:
    """A result is reviewed once each of its fields has a label that counts."""
    later = labels.alias()
    is_superseded = exists().where(
        later.c.result_id == labels.c.result_id,
        later.c.path == labels.c.path,
        later.c.revision > labels.c.revision,
    )
    counting = select(func.count()).where(
        labels.c.result_id == result_id, labels.c.verdict != WITHDRAWN, ~is_superseded
    )
    connection.execute(
        update(results)
        .where(results.c.id == result_id)
        .values(reviewed=counting.scalar_subquery() >= results.c.fields)
    )


def _to_result(row: Row[Any]) -> StoredResult:
    return StoredResult(
        id=row.id,
        owner=row.owner,
        document_id=row.document_id,
        verb=row.verb,
        options=from_json(row.options),
        result=VERBS[row.verb].result_type.model_validate_json(row.result),
        job_id=row.job_id,
        expected_errors=row.expected_errors,
        reviewed=row.reviewed,
        created=to_time(row.created),
    )


def _to_label(row: Row[Any]) -> Label:
    values = dict(row._mapping)
    return Label(**values | {"value": from_json(row.value), "created": to_time(row.created)})
