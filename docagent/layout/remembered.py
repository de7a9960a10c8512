"""What was derived from a document, kept as long as the document: sentences, an index, cells.

Several questions about one document then derive it once. Kept beside the document, not in it, so
that it is neither copied nor pickled with it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar, cast
from weakref import ref

from docagent.document import Document

T = TypeVar("T")

_KEPT: dict[int, tuple[ref[Document], dict[Callable[[Document], Any], Any]]] = {}
"""By ``id`` of the document, which is free again once its reference is dead."""


def remembered(document: Document, derive: Callable[[Document], T]) -> T:
    """``derive(document)``, from the first call for this object on kept until it is deleted.

    derive: a function of a module, whose result depends on the document alone. Two threads may
    both call it, which does no harm as results are equal.
    """
    key = id(document)
    kept = _KEPT.get(key)
    if kept is None or kept[0]() is not document:
        # Bound now: at the end of the process the module's names are gone before its documents.
        forget = partial(_KEPT.pop, key)
        kept = _KEPT[key] = (ref(document, forget), {})
    known = kept[1]
    if derive not in known:
        known[derive] = derive(document)
    return cast(T, known[derive])
