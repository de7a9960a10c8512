"""Routing of a document to a model: the adapter of its domain, or the base model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docagent.arguments import check_optional_text
from docagent.document import Document
from docagent.settings import Settings
from docagent.tasks.classification.embedded import classify
from docagent.vlm.adapters import AdapterRouter
from docagent.vlm.budget import ContextLength, fit_settings
from docagent.vlm.calls import BASE_ASKED, Asker, Breaker

if TYPE_CHECKING:
    from langchain_core.language_models.chat_models import BaseChatModel


class Routing:
    """The model of one agent, with its adapters."""

    def __init__(self, model: BaseChatModel, settings: Settings) -> None:
        self._settings = settings
        self._names = dict(settings.vlm.adapters)
        self._adapters = AdapterRouter(model, self._names)
        self._breaker = Breaker()
        self._context = ContextLength(model)

    def limits(self) -> Settings:
        """The settings, with what goes into a call cut to what the model takes."""
        return fit_settings(self._settings, self._context.tokens(self._breaker))

    def asker(self, document: Document, domain: str | None = None) -> Asker:
        """Asks the adapter of a domain, with the budget of one document.

        domain: None for the one that the words of the document give, if that is sure; empty for
        the base model, which is also asked where there is no adapter. Notes say which and why.
        Raises SettingsError for a domain that is not text.
        """
        check_optional_text("domain", domain)
        domain, note = self._classified(document) if domain is None else self._given(domain)
        chosen = self._adapters.choose(domain, self._breaker)
        return Asker(
            chosen.model,
            self.limits(),
            self._breaker,
            fallback=chosen.fallback,
            notes=tuple(filter(None, (note, *chosen.notes))),
        )

    def _classified(self, document: Document) -> tuple[str, str]:
        """The domain of a document that there is an adapter for, and what to note."""
        found = classify(document).domain if self._names else ""
        if found not in self._names:
            return "", ""
        return found, f"the adapter is that of {found}, which the words of the document tell"

    def _given(self, domain: str) -> tuple[str, str]:
        if self._names and domain and domain not in self._names:
            return "", f"there is no adapter for {domain!r}; {BASE_ASKED}"
        return domain, ""
