"""The chat model that the settings name, or none: that is a normal state."""

from __future__ import annotations

import json
from importlib import import_module
from typing import TYPE_CHECKING, Any

from docagent.errors import MissingExtraError, SettingsError
from docagent.settings import Settings

if TYPE_CHECKING:
    from langchain_core.language_models.chat_models import BaseChatModel


def check_vlm(settings: Settings) -> None:
    """Raises SettingsError if a model is to be asked and none, or two, are named."""
    vlm = settings.vlm
    if vlm.url and vlm.factory:
        raise SettingsError("vlm_url and vlm_factory are both set; name one model, not two")
    if vlm.factory and vlm.adapters:
        raise SettingsError(
            "vlm_adapters are names that a server has; they need vlm_url, not vlm_factory"
        )
    if vlm.options.get_secret_value() and not vlm.factory:
        raise SettingsError(
            "vlm_options are the arguments of vlm_factory, and none is named; set "
            "DOCAGENT_VLM_FACTORY, or unset DOCAGENT_VLM_OPTIONS"
        )
    if vlm.effective_mode != "never" and not vlm.is_named:
        raise SettingsError(
            f"vlm={vlm.effective_mode!r}, but no model is named; give --vlm-url (DOCAGENT_VLM_URL) "
            "of a vLLM server, set DOCAGENT_VLM_FACTORY, or use --vlm never"
        )


def load_chat_model(settings: Settings) -> BaseChatModel | None:
    """The model of ``vlm.url`` or ``vlm.factory``; None if the mode is ``never``. Nothing is
    sent yet. Raises SettingsError, or MissingExtraError without the extra ``vlm``."""
    check_vlm(settings)
    if settings.vlm.effective_mode == "never":
        return None
    return _made(settings) if settings.vlm.factory else _client(settings)


def model_name(model: BaseChatModel) -> str:
    """What a chat model calls itself."""
    for name in ("model", "model_name", "model_id"):
        value = getattr(model, name, None)
        if isinstance(value, str) and value:
            return value
    return type(model).__name__


def _client(settings: Settings) -> BaseChatModel:
    try:
        from docagent.vlm.client import VllmChat
    except ImportError as error:
        raise MissingExtraError("vlm_url", "vlm") from error
    return VllmChat(
        base_url=settings.vlm.url,
        model=settings.vlm.model,
        api_key=settings.vlm.api_key,
        timeout=settings.vlm.timeout,
        retries=settings.vlm.retries,
        concurrency=settings.vlm.concurrency,
    )


def _made(settings: Settings) -> BaseChatModel:
    from langchain_core.language_models.chat_models import BaseChatModel

    factory = settings.vlm.factory
    options: dict[str, Any] = json.loads(settings.vlm.options.get_secret_value() or "{}")
    home, _, name = factory.partition(":")
    try:
        made = getattr(import_module(home), name)(**options)
    except Exception as error:  # a user's own code may raise anything
        given = f" with vlm_options {', '.join(options)}" if options else ""
        raise SettingsError(
            f"vlm_factory={factory!r}{given} gives no model ({type(error).__name__}: {error}); it "
            "must be package.module:factory, a callable that takes vlm_options as keyword arguments"
        ) from error
    if not isinstance(made, BaseChatModel):
        raise SettingsError(
            f"vlm_factory={factory!r} returns {type(made).__name__}; it must return a LangChain "
            "BaseChatModel"
        )
    return made
