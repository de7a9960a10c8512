"""Synthetic documents with the shipped schema of their kind, and in words drawn for each."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from typing import Any

from docagent.document import Document
from docagent.schemas import Schema, list_schemas, load_schema
from docagent.text.normalise import normalise
from finetune.ranking.cases import Case, placed_page
from finetune.reader.noise import CleanPage, read_page
from finetune.synthesis.countries import COUNTRIES
from finetune.synthesis.documents import generate
from finetune.synthesis.truth import QueryTruth, SyntheticDocument

KINDS = (
    "receipt",
    "invoice",
    "invoice",
    "form",
    "form",
    "bank_statement",
    "lab_report",
    "prescription",
    "nda",
    "court_judgment",
    "letter",
    "memo",
)
BILL_COUNTRIES = (
    *("DE", "FR", "DE", "FR", "AT", "CH", "ES", "IT", "NL", "PT", "PL", "SE", "DK", "BR", "MX"),
    *("GB", "US"),
)
OVERLOOKED = 0.6
"""Share of a bill's fields that the reader overlooks."""
MAX_ASKED = 12
CURRENCIES = ("EUR", "USD", "GBP", "CHF", "MYR", "INR", "SEK", "PLN", "JPY", "CAD")
_MARK = re.compile(r"[$€£¥₹]|(?<![A-Za-z])(?:RM|USD|EUR|GBP|CHF|INR|SGD)(?![A-Za-z])")
_ISO = re.compile(r"\d{4}-\d\d-\d\d")
_AMOUNT = re.compile(r"-?\d+\.\d\d")


def synthetic_cases(count: int, seed: int) -> Iterator[Case]:
    """Documents of all kinds in turn."""
    shipped = {schema.name for schema in list_schemas()}
    for index in range(count):
        kind = KINDS[index % len(KINDS)]
        rng = random.Random(seed * 104_729 + index)
        made = generate(kind, rng)
        document = read_document(made, rng)
        if document is None:
            continue
        group = f"{kind}{seed}-{index}"
        if kind in shipped:
            schema = load_schema(kind)
            yield Case("synthetic", group, document, schema, _truths(made, schema))
        drawn = _drawn(made, rng)
        if drawn:
            yield Case("synthetic", group, document, *drawn)


def bill_cases(count: int, seed: int) -> Iterator[Case]:
    """Invoices of many countries, of whose fields the reader overlooks some: it was trained on such
    pages, and knows them better than those of people who set their bills otherwise."""
    schema = load_schema("invoice")
    for index in range(count):
        rng = random.Random(seed * 15_485_863 + index)
        country = COUNTRIES[BILL_COUNTRIES[index % len(BILL_COUNTRIES)]]
        try:
            made = generate("invoice", rng, country=country)
        except RuntimeError:  # no layout without overlaps was found
            continue
        document = read_document(made, rng)
        if document is not None:
            group = f"bill{seed}-{index}"
            truths = _truths(made, schema)
            yield Case("bills", group, document, schema, truths, overlooked=OVERLOOKED)


def read_document(made: SyntheticDocument, rng: random.Random) -> Document | None:
    """The pages as a recognizer might read them; None where nothing is left of one."""
    pages = []
    for number, canvas in enumerate(made.pages, start=1):
        texts = tuple(w.text for w in canvas.words)
        boxes = tuple(w.bbox for w in canvas.words)
        clean = CleanPage(made.kind, canvas.width, canvas.height, texts, boxes, ())
        read = read_page(clean, rng) if texts else None
        if read is None:
            return None
        wrong = [" ".join(texts[i] for i in word.sources) != word.text for word in read.words]
        size = (read.width, read.height)
        page = placed_page(
            [w.text for w in read.words], [w.box for w in read.words], size, rng, wrong
        )
        pages.append(page.replace(number=number))
    return Document(id=f"{rng.getrandbits(200):064x}", name=made.kind, pages=tuple(pages))


def _truths(made: SyntheticDocument, schema: Schema) -> dict[str, tuple[str, ...]]:
    """Truths of the single fields; what is neither printed nor asked for is not known."""
    asked = {query.path_pattern for query in made.queries}
    found: dict[str, tuple[str, ...]] = {}
    for leaf in schema.leaves:
        truth = made.fields.get(leaf.path)
        if leaf.multiple:
            continue
        if truth is not None:
            found[leaf.path] = tuple(dict.fromkeys((truth.value, truth.text)))
        elif leaf.path in asked:
            found[leaf.path] = ()
        elif leaf.normaliser == "currency" and (code := printed_currency(made)):
            found[leaf.path] = (code,)
    return found


def printed_currency(made: SyntheticDocument) -> str | None:
    """The code of the only currency whose marks are printed; None where there are several."""
    texts = {w.text for page in made.pages for w in page.words if _MARK.search(w.text)}
    parsed = (normalise("currency", text) for text in texts)
    codes = {str(one.value) for one in parsed if one.ok}
    return codes.pop() if len(codes) == 1 else None


def _drawn(
    made: SyntheticDocument, rng: random.Random
) -> tuple[Schema, dict[str, tuple[str, ...]]] | None:
    """A schema of what the document's queries ask, in their words."""
    queries = [q for q in made.queries if not q.multiple and "*" not in q.path_pattern]
    rng.shuffle(queries)
    properties: dict[str, Any] = {}
    truths: dict[str, tuple[str, ...]] = {}
    for query in queries[: 3 * MAX_ASKED]:
        key, description = _words(query)
        if key in properties or len(properties) >= MAX_ASKED:
            continue
        truth = made.fields.get(query.path_pattern)
        properties[key] = _typed(truth.value if truth else "", query, rng)
        if description:
            properties[key]["description"] = description
        truths[key] = () if truth is None else tuple(dict.fromkeys((truth.value, truth.text)))
    if not properties:
        return None
    code = printed_currency(made)
    if code in CURRENCIES and rng.random() < 0.5:
        choices = rng.sample(CURRENCIES, 4)
        properties["currency"] = {"enum": list(dict.fromkeys([*choices, code]))}
        truths["currency"] = (code,)
    schema = load_schema({"type": "object", "title": made.kind, "properties": properties})
    return schema, truths


def _words(query: QueryTruth) -> tuple[str, str]:
    """A key and a description of what a query says."""
    name, _, meaning = (p.strip() for p in _parts(query.text))
    leaf = re.split(r"[.\[]", query.path_pattern)[-1]
    short = len(name.split()) <= 4 and not name.endswith("?")
    key = "_".join(re.findall(r"[^\W_]+", (name if short else leaf).lower()))
    return key or "value", meaning or ("" if short else query.text)


def _parts(text: str) -> tuple[str, str, str]:
    for mark in (": ", " - "):
        if mark in text:
            return text.partition(mark)
    return text, "", ""


def _typed(value: str, query: QueryTruth, rng: random.Random) -> dict[str, Any]:
    """The type that a user would give a field: of a date or amount mostly the format."""
    words = set(re.findall(r"[a-z]+", f"{query.text} {query.path_pattern}".lower()))
    if (_ISO.fullmatch(value) or (not value and "date" in words)) and rng.random() < 0.8:
        return {"type": ["string", "null"], "format": "date"}
    is_money = bool(words & {"amount", "total", "price", "tax", "subtotal", "paid", "balance"})
    if (_AMOUNT.fullmatch(value) or (not value and is_money)) and rng.random() < 0.7:
        return {"type": ["number", "null"]}
    return {"type": ["string", "null"]}
