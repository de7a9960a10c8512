"""How much goes into a call: what a model takes, in tokens, told by its server or by itself."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from docagent.errors import VlmError
from docagent.forking import ForkLock
from docagent.settings import Settings
from docagent.vlm.calls import Breaker
from docagent.vlm.message_content import CHARS_PER_TOKEN

if TYPE_CHECKING:
    from langchain_core.language_models.chat_models import BaseChatModel

PIXELS_PER_TOKEN = 28 * 28
"""What a token of a picture shows in Qwen2.5-VL; most models spend fewer tokens on a page."""
INSTRUCTIONS = 1500
"""Tokens of a prompt besides pages: instructions, up to 40 fields, complaints."""
LEAST_CHARS = 200


def fit_settings(settings: Settings, tokens: int | None) -> Settings:
    """The settings with ``vlm.chars`` and ``vlm.max_tokens`` cut to a model that takes so many
    tokens, prompt and answer together; None if that is not known."""
    if tokens is None:
        return settings
    # Pictures are left out of a request that is too long, so they do not crowd out the text.
    pictures = min(_picture_tokens(settings), tokens // 3)
    answer = min(settings.vlm.max_tokens, tokens // 4)
    # So much text at least, however small the model: a request that is too long is halved.
    room = max(tokens - INSTRUCTIONS - pictures - answer, tokens // 8)
    return settings.replace(
        vlm={
            "chars": min(settings.vlm.chars, max(LEAST_CHARS, int(room * CHARS_PER_TOKEN))),
            "max_tokens": min(settings.vlm.max_tokens, max(16, tokens // 2)),
        }
    )


class ContextLength:
    """How many tokens a model takes; its server is asked once, and after a failure not again
    before the pause of the breaker is over."""

    def __init__(self, model: BaseChatModel) -> None:
        self._model = model
        self._lock = ForkLock()
        self._tokens: int | None = None
        self._known = False
        self._not_before = 0.0

    def tokens(self, breaker: Breaker) -> int | None:
        """Prompt and answer together; None if nobody says. Never raises for what a server does."""
        with self._lock:
            now = time.monotonic()
            if not self._known and breaker.reply is None and now >= self._not_before:
                try:
                    self._tokens = _context_length(self._model)
                    self._known = True
                except VlmError:
                    self._not_before = now + breaker.pause
            return self._tokens


def _context_length(model: BaseChatModel) -> int | None:
    """What the client of a server asks it, or else what LangChain's profile of a model says."""
    ask = getattr(model, "context_length", None)
    if callable(ask):
        told = ask()
    else:
        profile = getattr(model, "profile", None)
        told = profile.get("max_input_tokens") if isinstance(profile, Mapping) else None
    return told if isinstance(told, int) and told > 0 else None


def _picture_tokens(settings: Settings) -> int:
    """Of one page and crops, which have half its pixels at most."""
    pages = (settings.vlm.images + 1) / 2 if settings.vlm.images else 0.0
    return int(pages * settings.vlm.pixels / PIXELS_PER_TOKEN)
