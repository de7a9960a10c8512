"""Search over the pages of all documents of an owner, by words and phrases.

Both databases index the same words (``to_words``), so that both find the same: letters count
without case and accents, and everything else separates words. SQLite ranks by BM25 (FTS5),
PostgreSQL by cover density.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from sqlalchemy import text
from sqlalchemy.engine import Row

from docagent.errors import StoreError
from docagent.store.database import Database
from docagent.store.rows import check_limit
from docagent.store.types import Hit

START, END = "\x02", "\x03"
"""Marks of a matching word in a snippet."""

WORDS_BEFORE, WORDS_AFTER = 8, 16
"""Words of a snippet before the first match, and from it on."""

MAX_TERMS = 32

_WORD = re.compile(r"[^\W_]+")
_TERM = re.compile(r'"([^"]*)"?|(\S+)')

_SQLITE = """
SELECT documents.content_id, documents.name, pages.number, pages.text,
       -bm25(page_search) AS score
FROM page_search
JOIN pages ON pages.id = page_search.rowid
JOIN documents ON documents.content_id = pages.content_id
WHERE page_search MATCH :terms AND documents.owner = :owner
  AND (:document = '' OR documents.content_id = :document)
ORDER BY score DESC, documents.content_id, pages.number
LIMIT :limit
"""
_POSTGRESQL = """
SELECT documents.content_id, documents.name, pages.number, pages.text,
       ts_rank_cd(to_tsvector('simple', pages.words), to_tsquery('simple', :terms)) AS score
FROM pages
JOIN documents ON documents.content_id = pages.content_id
WHERE to_tsvector('simple', pages.words) @@ to_tsquery('simple', :terms)
  AND documents.owner = :owner
  AND (:document = '' OR documents.content_id = :document)
ORDER BY score DESC, documents.content_id, pages.number
LIMIT :limit
"""

Phrase = tuple[str, ...]
"""Words that must follow each other."""


def to_words(given: str) -> list[str]:
    """The words of a text as they are indexed: letters and digits without case and accents."""
    return [_fold(match[0]) for match in _WORD.finditer(given)]


def search(database: Database, owner: str, query: str, document: str, limit: int) -> list[Hit]:
    """The pages with all words and phrases of a query, best first. Raises StoreError for a query
    without words, or with too many.

    query: words, and phrases in double quotes; the last word of each may be only its beginning.
    document: id of the only document to search; all if empty. limit: 1 to 1000.
    """
    phrases = parse_query(query)
    statement = _SQLITE if database.is_sqlite else _POSTGRESQL
    values = {
        "terms": _to_fts5(phrases) if database.is_sqlite else _to_tsquery(phrases),
        "owner": owner,
        "document": document,
        "limit": check_limit(limit),
    }
    with database.read() as connection:
        rows = connection.execute(text(statement), values).all()
    return [_to_hit(row, phrases) for row in rows]


def parse_query(query: str) -> list[Phrase]:
    """The phrases of a query; a single word is one too. Raises StoreError for none or too many."""
    found = (to_words(match[1] or match[2] or "") for match in _TERM.finditer(query))
    phrases = [tuple(words) for words in found if words]
    if not phrases or sum(map(len, phrases)) > MAX_TERMS:
        raise StoreError(
            f"{query!r} cannot be searched for; give 1 to {MAX_TERMS} words, phrases in double "
            "quotes",
            "invalid",
        )
    return phrases


def snippet(page: str, phrases: list[Phrase]) -> str:
    """The part of a page's text around the first match, each matching word marked."""
    found = list(_WORD.finditer(page))
    words = [_fold(match[0]) for match in found]
    marked = {
        index
        for phrase in phrases
        for start in range(len(words))
        if _is_at(words, start, phrase)
        for index in range(start, start + len(phrase))
    }
    first = min(marked, default=0)
    begin, end = max(0, first - WORDS_BEFORE), min(len(words), first + WORDS_AFTER)
    pieces = ["…"] if begin else []
    place = found[begin].start() if found else 0
    for index in range(begin, end):
        match = found[index]
        pieces.append(page[place : match.start()])
        pieces.append(f"{START}{match[0]}{END}" if index in marked else match[0])
        place = match.end()
    pieces.append("…" if end < len(words) else page[place:])
    return " ".join("".join(pieces).split())


def _fold(word: str) -> str:
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def _is_at(words: list[str], start: int, phrase: Phrase) -> bool:
    place = words[start : start + len(phrase)]
    *whole, last = phrase
    return len(place) == len(phrase) and place[:-1] == whole and place[-1].startswith(last)


def _to_fts5(phrases: list[Phrase]) -> str:
    return " AND ".join(f'"{" ".join(phrase)}"*' for phrase in phrases)


def _to_tsquery(phrases: list[Phrase]) -> str:
    return " & ".join(f"({' <-> '.join(phrase)}:*)" for phrase in phrases)


def _to_hit(row: Row[Any], phrases: list[Phrase]) -> Hit:
    return Hit(
        document_id=row.content_id,
        name=row.name,
        page=row.number,
        snippet=snippet(row.text, phrases),
        score=row.score,
    )
