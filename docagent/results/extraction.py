"""Fields of a schema, and the checks between them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import AliasChoices
from pydantic import Field as Key

from docagent.document import (
    UNDECIDED,
    Confidence,
    Conventions,
    Frozen,
    Part,
    Span,
    exporter,
)
from docagent.errors import DocAgentError, SettingsError
from docagent.results.finding import (
    _ABSTENTIONS,
    DOUBTFUL_BELOW,
    Abstention,
    Evidence,
    Finding,
    How,
    Shown,
    Source,
    Status,
)
from docagent.usage import VlmUse


class Field(Finding):
    """One leaf of an extraction.

    path: like ``total`` or ``line_items[0].amount``. raw_text: the text as printed (the quotes of
    the evidence joined by one space). value: raw_text normalised by code. confidence: probability
    that raw_text and value are right. absence: probability that the document has no such value;
    set for the statuses ``not_present`` and ``invalid``. message: why the status is not ``found``.
    Where words were corrected, ``raw_text`` keeps the text as it was read, and ``value`` is
    normalised from the corrected words.
    """

    path: str
    raw_text: str | None = None
    value: Any = None
    confidence: Confidence | None = None
    absence: Confidence | None = None
    status: Status
    evidence: tuple[Evidence, ...] = ()
    source: Source = "reader"
    message: str = ""
    how: How | None = None

    @property
    def text(self) -> str | None:
        """``raw_text``."""
        return self.raw_text

    @property
    def abstained(self) -> Abstention | None:
        """The status if it is the reason why there is no value; else None."""
        return _ABSTENTIONS.get(self.status) if self.value is None else None


CheckStatus = Literal["passed", "failed", "skipped"]
CheckKind = Literal["readable", "sum", "product", "running", "order", "range"]
"""The kind of a check. readable: whether the values that were found can be parsed; this check runs
for every schema. The other kinds are rules of a schema (``schemas.Rule``)."""


class Check(Frozen):
    """A rule of the schema applied to the fields.

    name: for people, in the words of the schema. message: what was compared. paths: the fields
    that the check covers.
    """

    kind: CheckKind
    name: str
    status: CheckStatus
    message: str
    paths: tuple[str, ...] = ()


class Extraction(Shown):
    """Fields of a document under a schema.

    data: the values nested as the schema prescribes, without ungrounded values. valid, errors:
    whether ``data`` validates against the schema, and where it does not. part: the pages that were
    read, if the file has several documents. others: the extractions of the other documents in the
    file, in their order, each made of its own pages. conventions: how the
    document writes numbers and dates; values were parsed by these. vlm: use of a vision-language
    model; None without one. parsed: ``data`` as an instance of the pydantic class given as the
    schema; None for another schema, and where the class refuses the data, for the reasons in
    ``errors``.
    """

    document_id: str
    schema_name: str = Key(
        serialization_alias="schema", validation_alias=AliasChoices("schema", "schema_name")
    )
    fields: tuple[Field, ...]
    checks: tuple[Check, ...] = ()
    data: dict[str, Any]
    valid: bool
    errors: tuple[str, ...] = ()
    part: Part | None = None
    others: tuple[Extraction, ...] = ()
    conventions: Conventions = UNDECIDED
    vlm: VlmUse | None = None
    parsed: Any = Key(default=None, exclude=True, repr=False)

    def __getitem__(self, path: str) -> Field:
        """The field at ``path``. Raises KeyError, which lists the existing paths."""
        for field in self.fields:
            if field.path == path:
                return field
        raise KeyError(f"{path!r}; there are {', '.join(f.path for f in self.fields)}")

    def moved(self, shift: int) -> Extraction:
        """The extraction with the offsets of its evidence moved by ``shift`` characters."""
        if not shift:
            return self
        fields = tuple(
            field.replace(
                evidence=tuple(
                    e.replace(span=Span(start=e.span.start + shift, end=e.span.end + shift))
                    for e in field.evidence
                )
            )
            for field in self.fields
        )
        return self.replace(fields=fields)

    @property
    def failed_checks(self) -> tuple[Check, ...]:
        """The checks that failed."""
        return tuple(check for check in self.checks if check.status == "failed")

    def doubts(self, below: float = DOUBTFUL_BELOW) -> dict[str, str]:
        """Why a person should look at fields, by their path; the others are left out.

        A field is doubtful with less certainty than ``below`` (0-1), with a status other than
        ``found`` and ``not_present``, or in a failed check.
        """
        failed = {path: c.name for c in reversed(self.failed_checks) for path in c.paths}
        found: dict[str, str] = {}
        for field in self.fields:
            doubt = field.doubt(below)
            if field.source != "human" and field.status not in ("found", "not_present"):
                doubt = field.status
            elif not doubt and field.path in failed:
                doubt = f"failed: {failed[field.path]}"
            if doubt:
                found[field.path] = doubt
        return found

    @property
    def needs_review(self) -> bool:
        """Whether a person should look at it: a field is doubtful, a check failed, or the data is
        not valid under the schema."""
        return bool(self.doubts() or self.failed_checks) or not self.valid

    def to_json(self) -> str:
        """JSON; ``Extraction.model_validate_json`` reads it back."""
        return self.model_dump_json(by_alias=True, indent=2) + "\n"

    def to_csv(self, table: str = "documents") -> str:
        """A table as CSV: ``documents``, one row with the fields that are not in a list, or the
        path of a list, such as ``line_items``. Formulas are defused. Raises SettingsError for
        another name."""
        tables = {made.name: made for made in exporter("extraction_to_sheets")(self)}
        if table not in tables:
            raise SettingsError(f"table={table!r} is not there; there are {', '.join(tables)}")
        return str(exporter("sheet_to_csv")(tables[table]))

    def to_xlsx(self) -> bytes:
        """An XLSX workbook with a sheet for the fields, and one for each list of items."""
        return bytes(exporter("sheets_to_xlsx")(exporter("extraction_to_sheets")(self)))


class Extracted(Frozen):
    """The extraction of one of many sources, or why there is none.

    source: its name. error, code: the message and the code of the error (``docagent.errors``);
    empty if there is a result. exception: the error itself; not part of the JSON.
    """

    source: str
    result: Extraction | None = None
    error: str = ""
    code: str = ""
    exception: Any = Key(default=None, exclude=True, repr=False)

    @classmethod
    def failed(cls, source: str, error: Exception) -> Extracted:
        """A source without an extraction. Errors that docagent did not raise on purpose count as
        faults in it."""
        if isinstance(error, DocAgentError):
            reason, code = str(error), error.code
        else:
            reason, code = f"{type(error).__name__}: {error}", "docagent.fault"
        return cls(source=source, error=reason, code=code, exception=error)

    def get(self) -> Extraction:
        """The extraction. Raises the error if there is none."""
        if self.result is not None:
            return self.result
        error = self.exception
        raise error if isinstance(error, Exception) else DocAgentError(self.error)
