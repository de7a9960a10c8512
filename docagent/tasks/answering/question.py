"""What a question asks for: a kind of value, one or several, a person, a yes or a no."""

from __future__ import annotations

import re
from dataclasses import dataclass

from docagent.arguments import check_text
from docagent.errors import SettingsError
from docagent.schemas import SchemaField

MAX_QUESTION_CHARS = 1000
_KINDS = (
    ("date", re.compile(r"^when\b|\b(what|which) (is the )?(\w+ )?(date|day)\b|\bdate of\b", re.I)),
    (
        "amount",
        re.compile(r"\bhow much\b|\b(what|which)\b.*\b(total|amount|price|balance)\b", re.I),
    ),
)
_PERSON = re.compile(r"^(by |to |from |for |with )?(who|whom|whose)\b", re.I)
_MANY = re.compile(
    r"^\s*(list|name all|enumerate)\b|\b(who|what|which) are\b|^\s*which \w+s\b|\ball (of )?the\b"
    r"|^who (all )?(signed|signs)\b",
    re.I,
)
_YES_NO = re.compile(
    r"^(is|are|was|were|am|do|does|did|can|could|may|might|must|shall|should|will|would|has|have"
    r"|had)\b",
    re.I,
)
_PASSAGE = re.compile(
    r"\b(which|what) (clause|section|paragraph|provision|article|passage)s?\b|^quote\b"
    r"|\bwhat (does|do) .+ (say|state|provide|mention)\b"
    r"|\bwhere (does|do|is) .+(say|stated|said)\b"
    r"|^(?!is |are |does |do ).*\b(clause|provision)s?\W*$",
    re.I,
)


@dataclass(frozen=True)
class Asked:
    """A question with what it asks for.

    kind: the normaliser of the value (``date``, ``amount``, ``text``). is_multiple: whether there
    may be several answers. is_person: whether it asks for a person or an organisation. is_yes_no:
    whether it wants a yes or a no. is_passage: whether it asks for a clause itself.
    """

    text: str
    kind: str
    is_multiple: bool
    is_person: bool
    is_yes_no: bool = False
    is_passage: bool = False

    @property
    def is_quoted(self) -> bool:
        """Whether a whole sentence is the answer, rather than a few words."""
        return self.is_yes_no or self.is_passage

    @property
    def field(self) -> SchemaField:
        """The question as a field without labels, so that spans are parsed as its values are."""
        return SchemaField(path="answer", types=("string",), normaliser=self.kind, query=self.text)


def check_question(question: str) -> str:
    """The question with single spaces. Raises SettingsError if it is empty, too long or no text."""
    text = " ".join(check_text("question", question).split())
    if not text:
        raise SettingsError("the question is empty; ask something, such as 'What is the total?'")
    if len(text) > MAX_QUESTION_CHARS:
        raise SettingsError(
            f"the question has {len(text)} characters; at most {MAX_QUESTION_CHARS} are allowed"
        )
    return text


def parse_question(question: str) -> Asked:
    """What a question asks for, by its words. Raises SettingsError as ``check_question``."""
    text = check_question(question)
    kind = next((kind for kind, pattern in _KINDS if pattern.search(text)), "text")
    return Asked(
        text,
        kind,
        bool(_MANY.search(text)),
        bool(_PERSON.search(text)),
        bool(_YES_NO.search(text)),
        bool(_PASSAGE.search(text)),
    )
