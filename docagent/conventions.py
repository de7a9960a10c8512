"""How one document writes numbers and dates, with the reasons; part of what is extracted."""

from __future__ import annotations

from typing import Literal

from docagent.document import Frozen

DecimalMark = Literal[".", ",", ":"]
GroupMark = Literal[",", ".", "'", " "]
DateOrder = Literal["DMY", "MDY", "YMD"]


class Reason(Frozen):
    """Why one convention was decided: the name of the field of ``Conventions``, and a sentence."""

    of: str
    why: str


class Conventions(Frozen):
    """What is the same for all numbers and dates of a document; None where nothing decides it.

    decimal_mark: before the decimals (":" in Swedish crowns). group_mark: between thousands.
    date_order: of day, month and year in numeric dates. languages: ISO 639-1, likeliest first.
    regions: ISO 3166-1, likeliest first. currency: ISO 4217 code of its amounts. period: first
    and last day (ISO 8601) a statement covers, which give a date without a year its year.
    latest_year: the latest year printed with four digits in a date. footnotes: digits that mark
    footnotes printed at the foot of a page.
    """

    decimal_mark: DecimalMark | None = None
    group_mark: GroupMark | None = None
    date_order: DateOrder | None = None
    languages: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    currency: str | None = None
    period: tuple[str, str] | None = None
    latest_year: int | None = None
    footnotes: str = ""
    reasons: tuple[Reason, ...] = ()

    def why(self, name: str) -> str:
        """The reason for the field ``name``; empty where it was not decided."""
        return next((reason.why for reason in self.reasons if reason.of == name), "")


UNDECIDED = Conventions()
"""Nothing is known: every text is read alone."""
