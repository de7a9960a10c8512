"""Results of one owner, and the labels that people give to their fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, Select, func, insert, select, update
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
        with self._database.write() as connection:
            lock = select(results.c.id).where(results.c.id == result_id).with_for_update()
            if connection.execute(lock).first() is None:
                raise missing("result", result_id)
            last = _last_revision(connection, result_id, path)
            if revision is not None and revision != last:
                raise StoreError(
                    f"the field {path} has label {last}, not {revision}: someone else wrote it "
                    "since; read it again",
                    "conflict",
                )
            connection.execute(
                insert(labels).values(
                    result_id=result_id,
                    path=path,
                    revision=last + 1,
                    verdict=verdict,
                    value=to_json(value if verdict == "edited" else None),
                    note=to_text(note),
                    author=to_text(author or self.owner),
                    created=now(),
                )
            )
            _mark_reviewed(connection, result_id)
            details = {"path": path, "verdict": verdict, "revision": last + 1}
            self._audit.append_in(connection, author or self.owner, "label", result_id, details)
        return self.labels(result_id)[path]

    def labels(self, result_id: str) -> dict[str, Label]:
        """The label that counts for each field that has one, by path. Raises StoreError if there
        is no such result."""
        return {label.path: label for label in self.label_history(result_id)}

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


def _last_revision(connection: Connection, result_id: str, path: str) -> int:
    query = select(func.max(labels.c.revision)).where(
        labels.c.result_id == result_id, labels.c.path == path
    )
    return connection.execute(query).scalar() or 0


def _mark_reviewed(connection: Connection, result_id: str) -> None:
    """A result is reviewed once each of its fields has a label."""
    labelled = select(func.count(labels.c.path.distinct())).where(labels.c.result_id == result_id)
    connection.execute(
        update(results)
        .where(results.c.id == result_id)
        .values(reviewed=labelled.scalar_subquery() >= results.c.fields)
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
