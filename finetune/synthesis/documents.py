"""Every kind of synthetic document behind one call.

    generate("receipt", random.Random(7)) -> SyntheticDocument

Words on the pages carry ``field`` (the path of the value they print) or ``label``; ``fields``
has the truth by path, ``queries`` ways to ask for them and for what is not there.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from finetune.synthesis.contracts import make_contract, make_nda
from finetune.synthesis.form_fields import form_queries
from finetune.synthesis.forms import make_form
from finetune.synthesis.invoices import make_invoice
from finetune.synthesis.judgments import make_judgment
from finetune.synthesis.layout import overlapping
from finetune.synthesis.letters import make_letter, make_report
from finetune.synthesis.medical import make_lab_report
from finetune.synthesis.memos import make_memo
from finetune.synthesis.prescriptions import make_discharge, make_prescription
from finetune.synthesis.queries import make_queries
from finetune.synthesis.receipts import make_receipt
from finetune.synthesis.statements import make_statement
from finetune.synthesis.truth import (
    Draft,
    FieldTruth,
    Occurrence,
    QueryTruth,
    SyntheticDocument,
)

MAKERS: dict[str, Callable[..., Draft]] = {
    "receipt": make_receipt,
    "invoice": make_invoice,
    "form": make_form,
    "memo": make_memo,
    "letter": make_letter,
    "report": make_report,
    "bank_statement": make_statement,
    "nda": make_nda,
    "contract": make_contract,
    "court_judgment": make_judgment,
    "lab_report": make_lab_report,
    "prescription": make_prescription,
    "discharge_summary": make_discharge,
}
KINDS = tuple(MAKERS)
FREE_KINDS = ("form",)
ATTEMPTS = 6

__all__ = ["KINDS", "FieldTruth", "Occurrence", "QueryTruth", "SyntheticDocument", "generate"]


def generate(kind: str, rng: random.Random, **options: Any) -> SyntheticDocument:
    """A document of a kind. A layout whose words would overlap is drawn again.

    options: what the maker of the kind takes, such as ``country`` of an invoice.

    Raises ValueError for an unknown kind.
    """
    if kind not in MAKERS:
        raise ValueError(f"unknown kind {kind!r}; there are {', '.join(KINDS)}")
    for _ in range(ATTEMPTS):
        draft = MAKERS[kind](rng, **options)
        if not any(overlapping(page) for page in draft.pages):
            break
    else:
        raise RuntimeError(f"no {kind} without overlapping words in {ATTEMPTS} attempts")
    fields = draft.fields()
    ask = form_queries if kind in FREE_KINDS else make_queries
    queries = ask(draft, tuple(fields))
    return SyntheticDocument(kind, tuple(draft.pages), fields, queries)
