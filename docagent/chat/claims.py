"""What a model with tools claims, held to the page: words by grounding, sums by their numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from docagent.cascade.answer_format import LONGEST_VALUE, MOST_LINES, Claim
from docagent.cascade.document_view import Look
from docagent.cascade.verification import Held, hold
from docagent.chat.calculation import Calculation, plain
from docagent.evidence.field_parser import FieldParser
from docagent.results import Evidence, How
from docagent.results import Field as FieldResult
from docagent.schemas import SchemaField
from docagent.tasks.answering.cascade import hold_cells, proven

CONSTANTS = (Decimal(1), Decimal(100))
"""Numbers that need not be printed: a whole, and a hundred of a per cent."""
NUMBER_KINDS = ("amount", "decimal", "percent")


class AnswerCell(BaseModel):
    """One answer as a model gives it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lines: list[Annotated[str, StringConstraints(max_length=12)]] = Field(
        max_length=MOST_LINES, description="ids of the lines it is printed on"
    )
    how: How = Field(description="verbatim, corrected, or derived if calculate gave it")
    value: str | None = Field(max_length=LONGEST_VALUE, description="its words as printed")


@dataclass(frozen=True)
class Calculated:
    """A calculation with the evidence for its numbers, and the numbers without any."""

    calculation: Calculation
    evidence: tuple[Evidence, ...]
    unproven: tuple[Decimal, ...]


@dataclass(frozen=True)
class Conclusion:
    """An answer held to the page: what is printed, what was calculated from what is printed,
    and why the rest does not hold. All empty: the document does not say."""

    fields: tuple[FieldResult, ...] = ()
    derived: tuple[Calculated, ...] = ()
    complaints: tuple[str, ...] = ()


def prove(
    look: Look, calculation: Calculation, lines: Sequence[str], earlier: Sequence[Calculated]
) -> Calculated:
    """Where the numbers of a calculation are printed on some lines. The value of an earlier
    proven calculation, the constants, and the count of the others (of a mean) need not be."""
    evidence: list[Evidence] = []
    missing: list[Decimal] = []
    for number in dict.fromkeys(calculation.numbers):
        found = _printed(look, number, lines) or _carried(number, earlier)
        evidence += found
        if not found and number not in CONSTANTS:
            missing.append(number)
    count = len(calculation.numbers) - 1
    unproven = tuple(n for n in missing if not (evidence and n == count and len(missing) == 1))
    return Calculated(calculation, tuple(dict.fromkeys(evidence)), unproven)


def conclude(
    look: Look, cells: Sequence[AnswerCell], calculated: Sequence[Calculated]
) -> Conclusion:
    """An answer of a model: each cell printed on its lines, or the value of a calculation."""
    held: list[Held] = []
    derived: list[Calculated] = []
    for cell in cells:
        (one,) = hold_cells(look, [cell.model_dump()])
        made = None if proven([one]) else _result(look, cell.value or "", calculated)
        if made is None:
            held.append(one)
        elif made.evidence and not made.unproven:
            derived.append(made)
        else:
            held.append(Held("derived", complaint=_unproven(made)))
    complaints = tuple(h.complaint or _LOOSE for h in held if not proven([h]) and h.how != "absent")
    return Conclusion(proven(held), tuple(dict.fromkeys(derived)), complaints)


_LOOSE = "it is not printed on the lines it names, and calculate did not give it"


def _unproven(made: Calculated) -> str:
    if not made.unproven:
        return f"{made.calculation.expression} has no number that is printed"
    numbers = ", ".join(plain(number) for number in made.unproven)
    return f"{made.calculation.expression} has numbers that are not printed: {numbers}"


def _printed(look: Look, number: Decimal, lines: Sequence[str]) -> tuple[Evidence, ...]:
    claim = Claim(tuple(dict.fromkeys(lines)), "verbatim", plain(number))
    for reader in _readers(look):
        field = hold(look, reader, claim, "number").field
        if field is not None and field.status == "found" and _is(field.value, number):
            return field.evidence
    return ()


def _carried(number: Decimal, earlier: Sequence[Calculated]) -> tuple[Evidence, ...]:
    """The evidence of an earlier calculation with this value."""
    for made in earlier:
        if made.calculation.value == number and not made.unproven:
            return made.evidence
    return ()


def _result(look: Look, value: str, calculated: Sequence[Calculated]) -> Calculated | None:
    """The last calculation that gave a value, as a model wrote it (perhaps rounded)."""
    readings = [reader.parse_text(value) for reader in _readers(look)]
    numbers = [Decimal(str(r.value)) for r in readings if r.ok and _is_number(r.value)]
    for made in reversed(calculated):
        if any(_rounds_to(made.calculation.value, number) for number in numbers):
            return made
    return None


def _rounds_to(exact: Decimal, written: Decimal) -> bool:
    places = max(0, -int(written.as_tuple().exponent))
    return abs(exact - written) <= Decimal(5).scaleb(-places - 1)


def _is(value: object, number: Decimal) -> bool:
    return _is_number(value) and Decimal(str(value)) == number


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _readers(look: Look) -> Iterator[FieldParser]:
    """Readers of the document's numbers, kind by kind."""
    for kind in NUMBER_KINDS:
        leaf = SchemaField(path="number", types=("number",), normaliser=kind, query="")
        yield FieldParser(look.document, leaf, look.settings.locale or None)
