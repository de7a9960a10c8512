"""The arguments of the tools, as a model is told them and as they are checked."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from docagent.chat.claims import AnswerCell

EXTRACTED_PAGES = 8
LineId = Annotated[str, StringConstraints(max_length=12)]


class Arguments(BaseModel):
    """Base: no unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Search(Arguments):
    """Of ``search``."""

    query: str = Field(max_length=300, description="words to look for")


class ReadPage(Arguments):
    """Of ``read_page``."""

    number: int = Field(description="number of the page, from 1")
    part: int = Field(default=1, description="of a page too long to be read at once, from 1")


class LookAt(Arguments):
    """Of ``look``."""

    lines: list[LineId] = Field(min_length=1, max_length=12, description="ids of lines")


class Extract(Arguments):
    """Of ``extract``."""

    name: str = Field(max_length=60, description="name of a schema")
    pages: list[int] = Field(
        default_factory=list,
        max_length=EXTRACTED_PAGES,
        description="numbers of the pages to read; none for all of a short document",
    )


class Calculate(Arguments):
    """Of ``calculate``."""

    expression: str = Field(max_length=300, description="such as (120.00 - 12) * 3")
    lines: list[LineId] = Field(
        max_length=24, description="ids of the lines that the numbers are printed on"
    )


class GiveAnswer(Arguments):
    """Of ``answer``."""

    answers: list[AnswerCell] = Field(max_length=12, description="empty if it does not say")
