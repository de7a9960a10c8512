"""Search before reading: the pages of a long document, and the sentences, that fit a question."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Literal

import numpy as np

from docagent.confidence import Calibration
from docagent.document import Document
from docagent.evidence.grounding import ground_words
from docagent.layout.remembered import remembered
from docagent.layout.sentences import Sentence, document_sentences
from docagent.reader.page_reader import MAX_WHOLE_PAGES
from docagent.tasks.answering.proposals import Proposal, calibrated
from docagent.tasks.answering.question import Asked
from docagent.text.search import WordIndex

MAX_READ_PAGES = 6
"""Pages of a longer document that are read for one question."""
COUNTED_SENTENCES = 3
"""Best sentences of a page that count for it."""
MIN_PASSAGE_WORDS = 12
"""Words of a sentence that is quoted, so that no row of a form or table is."""
_ENDS = (".", "!", "?", ";", ":")
"""What a sentence ends with, before quotation marks and brackets; a row of a form does not."""
PASSAGE_FACTOR = 0.25
"""Score of a sentence that has all words of the question; below the threshold unless a calibration
says that such sentences answer."""


def sentence_index(document: Document) -> WordIndex:
    """An index over ``document_sentences``, each with its heading."""
    texts = [location.word.text for location in document.words]
    return WordIndex(
        [
            " ".join([*texts[slice(*s.heading)], *texts[s.start : s.end]])
            for s in remembered(document, document_sentences)
        ]
    )


def best_pages(document: Document, question: str, most: int = MAX_READ_PAGES) -> frozenset[int]:
    """Numbers of the pages to read for a question: all of a short document, else those whose
    sentences fit it best; empty if no sentence has a word of it."""
    if len(document.pages) <= MAX_WHOLE_PAGES:
        return frozenset(page.number for page in document.pages)
    scores = remembered(document, sentence_index).scores(question)
    by_page: dict[int, list[float]] = defaultdict(list)
    for sentence, score in zip(remembered(document, document_sentences), scores, strict=True):
        if score > 0:
            by_page[document.words[sentence.start].page].append(float(score))
    fit = {page: sum(sorted(found)[-COUNTED_SENTENCES:]) for page, found in by_page.items()}
    return frozenset(sorted(fit, key=lambda page: (-fit[page], page))[:most])


def passage_proposal(
    document: Document, asked: Asked, absence: float, tables: Mapping[str, Calibration]
) -> Proposal | None:
    """The sentence that says most of the question's words, as a quotation; None if none says
    any. absence: the reader's probability that there is no answer."""
    sentences = remembered(document, document_sentences)
    coverage = remembered(document, sentence_index).coverage(asked.text)
    usable = [n for n, s in enumerate(sentences) if _is_quotable(document, s)]
    if not usable:
        return None
    best = max(usable, key=lambda n: (coverage[n], -n))
    share = float(coverage[best])
    if not share > 0:
        return None
    score = PASSAGE_FACTOR * share * (1 - absence / 2)
    message = "no words answer it alone; the passage that speaks of it is quoted"
    return quotation(document, sentences[best], "passage", score, tables, message)


def _is_quotable(document: Document, sentence: Sentence) -> bool:
    """Whether a sentence is one, rather than the words of a form or a table."""
    last = document.words[sentence.end - 1].word.text.rstrip("\"'”’)]")
    return sentence.end - sentence.start >= MIN_PASSAGE_WORDS and last.endswith(_ENDS)


def quotation(
    document: Document,
    sentence: Sentence,
    by: Literal["clause", "passage"],
    score: float,
    tables: Mapping[str, Calibration],
    message: str,
) -> Proposal:
    """A whole sentence as an answer."""
    words = document.words[sentence.start : sentence.end]
    return Proposal(
        by=by,
        text=" ".join(location.word.text for location in words),
        citations=ground_words(document, sentence.start, sentence.end),
        score=score,
        confidence=calibrated(by, float(np.clip(score, 0, 1)), tables),
        source="rule",
        message=message,
    )
