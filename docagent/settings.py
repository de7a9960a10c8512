"""Every limit and default of docagent, in one frozen value; docs/settings.md lists all of them.

Only ``Settings.from_env`` reads the environment.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)

from docagent.arguments import invalid_setting, shown
from docagent.document import Frozen
from docagent.errors import SettingsError
from docagent.service_settings import JobSettings, ServeSettings, StoreSettings

ENV_PREFIX = "DOCAGENT_"

Aggregate = Literal["minimum", "geometric_mean"]
EngineName = Literal["docagent", "tesseract", "rapidocr", "fused", "auto"]
VlmMode = Literal["always", "unsure", "never"]
RuleName = Literal[
    "roles",
    "party_blocks",
    "identifiers",
    "contracts",
    "clauses",
    "labels",
    "letterhead",
    "printed",
    "blanks",
    "first_date",
    "currency",
    "kinds",
    "parties",
    "tables",
    "titles",
    "signatories",
    "headers",
    "rows",
    "ask_fields",
    "ask_labels",
    "ask_clauses",
    "ask_passages",
]
RULE_NAMES: tuple[RuleName, ...] = get_args(RuleName)


def parse_rules(given: Any) -> Any:
    """Parse rule names separated by commas, ``none`` or ``all``, into a tuple of names.

    Values that are not text are returned unchanged, for pydantic to validate.
    """
    if not isinstance(given, str):
        return given
    named = {"all": RULE_NAMES, "none": ()}
    return named.get(given, tuple(name.strip() for name in given.split(",") if name.strip()))


Rules = Annotated[tuple[RuleName, ...], BeforeValidator(parse_rules)]

_LOCALE = re.compile(r"([a-z]{2,3})(?:[-_]([a-z]{2}))?", re.I)


def parse_adapters(given: Any) -> Any:
    """Parse ``"finance=NAME,legal=NAME"``, or a mapping, into pairs sorted by domain.

    Other values are returned unchanged. Raises ValueError naming the part that is wrong.
    """
    if isinstance(given, Mapping):
        given = ",".join(f"{domain}={name}" for domain, name in given.items())
    if not isinstance(given, str):
        return given
    parts = [part.strip() for part in given.split(",") if part.strip()]
    pairs = {}
    for part in parts:
        domain, equals, name = (piece.strip() for piece in part.partition("="))
        if not (equals and domain and name) or domain in pairs:
            raise ValueError(f"{part!r} is not DOMAIN=NAME, or its domain is named twice")
        pairs[domain] = name
    return tuple(sorted(pairs.items()))


def parse_options(given: Any) -> Any:
    """Convert a JSON object or a mapping to JSON text with sorted keys; an empty one to "".

    Raises ValueError for anything else.
    """
    if isinstance(given, SecretStr):
        given = given.get_secret_value()
    if given == "":
        return given
    try:
        options = json.loads(given) if isinstance(given, str) else given
        text = json.dumps(options, sort_keys=True)
    except (TypeError, ValueError) as error:
        raise ValueError('it is not a JSON object, such as {"model": "NAME"}') from error
    if not isinstance(options, Mapping) or not all(isinstance(key, str) for key in options):
        raise ValueError('it is not a JSON object, such as {"model": "NAME"}')
    return text if options else ""


def parse_locale(given: str) -> str:
    """Normalise a language code with an optional region, such as ``de`` or ``en-GB``; "" stays "".

    Raises ValueError for anything else.
    """
    match = _LOCALE.fullmatch(given)
    if given and not match:
        raise ValueError("give a language code with an optional region, such as de or en-GB")
    return "-".join(filter(None, (match[1].lower(), (match[2] or "").upper()))) if match else ""


Options = Annotated[SecretStr, BeforeValidator(parse_options)]
"""Keyword arguments as JSON text, so that settings are hashable; secret, as it may contain keys."""

Adapters = Annotated[tuple[tuple[str, str], ...], BeforeValidator(parse_adapters)]
"""Pairs of a schema domain and the name of its LoRA adapter; a tuple, so that settings are
hashable."""

Locale = Annotated[str, AfterValidator(parse_locale)]
"""A language with an optional region, or empty."""


class SettingsGroup(Frozen):
    """Base of settings: a wrong value or an unknown name raises SettingsError, which names the
    setting, the value and what is allowed."""

    def __init__(self, **given: Any) -> None:
        try:
            super().__init__(**given)
        except ValidationError as error:
            group = next((name for name, kind in GROUPS.items() if kind is type(self)), "")
            raise invalid_setting(error, group, _DESCRIPTIONS, _SECRET_PATHS) from None


class LimitSettings(SettingsGroup):
    """Limits on the size of a source."""

    max_bytes: int = Field(
        default=100 * 2**20, ge=1, description="Size in bytes of the largest source accepted."
    )
    max_pages: int = Field(default=500, ge=1, description="Most pages of one source.")
    max_pixels: int = Field(
        default=100_000_000,
        ge=64,
        le=170_000_000,
        description="Largest page image (width x height in pixels), checked before it is decoded.",
    )
    min_side: int = Field(
        default=8,
        ge=1,
        description="Least pixels of the shorter side of an image; smaller images are refused.",
    )


class PdfSettings(SettingsGroup):
    """How PDF files are parsed, in separate processes."""

    seconds: float = Field(
        default=20.0, gt=0, description="Most seconds that one parsing step on a page may take."
    )
    memory: int = Field(
        default=2 * 2**30,
        ge=2**28,
        description="Most bytes of address space of a parser process (where the system can "
        "enforce it).",
    )
    processes: int = Field(
        default=0,
        ge=0,
        le=64,
        description="Most parser processes, so that a file that takes long does not stall the "
        "others; 0 means one per core, at least 2 and at most 4.",
    )
    dpi: int = Field(
        default=200,
        ge=50,
        le=600,
        description="Dots per inch at which pages are rendered; a scanned page is rendered near "
        "the resolution of its image instead.",
    )
    password: SecretStr = Field(
        default=SecretStr(""),
        description="Password of encrypted PDF files, where none is given with the file.",
    )


class OcrSettings(SettingsGroup):
    """How page images are read."""

    engine: EngineName = Field(
        default="docagent",
        description="The engine that reads page images: docagent's own OCR, an installed Tesseract "
        "or RapidOCR, all of them fused, or the best for each page (auto).",
    )
    language_model: bool = Field(
        default=True,
        description="Whether a language model decides words that the recognizer is unsure of.",
    )
    confidence: Aggregate = Field(
        default="minimum",
        description="How the confidence of a word is computed from its characters, and that of a "
        "line or a page from its words: the minimum or the geometric mean.",
    )


class ExtractionSettings(SettingsGroup):
    """Sources of field values, before a vision-language model is asked."""

    rules: Rules = Field(
        default=RULE_NAMES,
        description="Rules that propose values, separated by commas, or none: roles (numbers, "
        "dates and amounts of bills at labels in many languages), party_blocks (names and "
        "addresses of seller and buyer), identifiers (tax numbers with right check digits, "
        "accounts, telephone numbers), contracts (dates, terms and law in prose), "
        "clauses (sentences that are a clause of a kind), labels (values beside "
        "printed labels), letterhead (name and address of the issuer), printed (texts at "
        "printed labels), blanks (labels with nothing beside them), first_date, currency and kinds "
        "(for fields without other candidates; kinds is the only e-mail address, phone number or "
        "IBAN), parties, titles and signatories (of a contract), tables (rows of the tables on the "
        "pages), headers (cells under a table's header, for lists without such a table), rows "
        "(cells grouped by height); for questions ask_fields (those that name a field of the "
        "document's kind), ask_labels (those that name a label), ask_clauses (those that ask for "
        "a clause of a contract) and "
        "ask_passages (the sentence that speaks of it, where nothing else answers).",
    )
    embedded_reader: bool = Field(
        default=True, description="Whether the embedded reader proposes values beside the rules."
    )
    parts: bool = Field(
        default=True,
        description="Whether several documents in one file, such as two invoices, are extracted "
        "apart.",
    )


class VlmSettings(SettingsGroup):
    """A vision-language model (VLM). No model is used unless one is named, by url or factory."""

    mode: VlmMode | None = Field(
        default=None,
        description="When the model is asked: always, where the embedded result is unsure, or "
        "never; None means unsure if a model is named.",
    )
    url: str = Field(
        default="",
        pattern=r"^(https?://\S+)?$",
        description="Base URL of an OpenAI-compatible server, such as http://127.0.0.1:8000/v1.",
    )
    model: str = Field(
        default="",
        description="Name of the model on the server; empty means the first one it serves.",
    )
    adapters: Adapters = Field(
        default=(),
        description="LoRA adapters on the server by domain of the document "
        "(finance=NAME,legal=NAME); the adapter of a domain is asked instead of the model.",
    )
    api_key: SecretStr = Field(
        default=SecretStr(""), description="Key sent to the server as a bearer token."
    )
    factory: str = Field(
        default="",
        pattern=r"^([\w.]+:[\w.]+)?$",
        description="package.module:factory, a callable that returns a LangChain chat model, or "
        "the class of one; used instead of a URL.",
    )
    options: Options = Field(
        default=SecretStr(""),
        description='Keyword arguments of the factory, a JSON object ({"model": "NAME"}).',
    )
    timeout: float = Field(
        default=120.0,
        gt=0,
        description="Seconds that a server may be silent; a whole call may take twice as long.",
    )
    seconds: float = Field(
        default=300.0, gt=0, description="Seconds that all calls for one document may take."
    )
    calls: int = Field(default=16, ge=1, description="Most calls for one document.")
    retries: int = Field(
        default=2, ge=0, le=10, description="Retries of a call that may succeed a moment later."
    )
    concurrency: int = Field(default=4, ge=1, le=256, description="Most calls at the same time.")
    max_tokens: int = Field(
        default=2048,
        ge=16,
        description="Longest answer in tokens; reduced to the limit of the model if the server "
        "reports it.",
    )
    tools: bool = Field(
        default=True,
        description="Whether a model that supports tools is given them in a conversation.",
    )
    tool_calls: int = Field(default=12, ge=1, description="Most calls of tools for one question.")
    images: int = Field(
        default=4,
        ge=0,
        description="Most images in a call; at most half of them (rounded up) are pages, the "
        "others enlarged parts of pages.",
    )
    pixels: int = Field(
        default=1_500_000, ge=10_000, description="Pixels of the largest page image sent."
    )
    chars: int = Field(
        default=12_000,
        ge=200,
        description="Most characters of page text in a call; longer documents are split, and in a "
        "conversation searched. Reduced to the limit of the model if the server reports it.",
    )
    unsure: float = Field(
        default=0.8,
        ge=0,
        le=1,
        description="In the mode unsure, the model is asked for fields and answers with less "
        "confidence than this (0: only for those without an answer or in a failed check).",
    )
    trust: float = Field(
        default=0.75,
        ge=0.05,
        le=0.98,
        description="Share of the model's values that are right; `python -m eval.cascade` "
        "measures it.",
    )
    tracing: bool = Field(
        default=False,
        description="Whether LangChain may send calls, with the text and images of pages, to the "
        "tracing service that variables such as LANGSMITH_TRACING configure.",
    )

    @property
    def is_named(self) -> bool:
        """Whether the settings name a model, by url or factory."""
        return bool(self.url or self.factory)

    @property
    def effective_mode(self) -> VlmMode:
        """The mode; if it is None, ``unsure`` with a named model and ``never`` without one."""
        return self.mode or ("unsure" if self.is_named else "never")


class Settings(SettingsGroup):
    """All settings: limits, engines, models and the use of the machine.

    Every field also has a flat name, accepted as a keyword argument: ``Settings(vlm_url=URL)`` is
    ``Settings(vlm=VlmSettings(url=URL))``. ``FLAT_NAMES`` lists the flat names.
    """

    limits: LimitSettings = LimitSettings()
    pdf: PdfSettings = PdfSettings()
    ocr: OcrSettings = OcrSettings()
    extraction: ExtractionSettings = ExtractionSettings()
    vlm: VlmSettings = VlmSettings()
    store: StoreSettings = StoreSettings()
    jobs: JobSettings = JobSettings()
    serve: ServeSettings = ServeSettings()
    threads: int = Field(
        default=0, ge=0, le=256, description="Threads of one inference; 0 means all cores."
    )
    weights_dir: Path | None = Field(
        default=None, description="Folder of networks to use instead of the shipped ones."
    )
    locale: Locale = Field(
        default="",
        description="Language of the documents with an optional region (de, en-GB); decides the "
        "order of day and month, decimal marks and the meaning of $ where the text is ambiguous.",
    )

    @model_validator(mode="before")
    @classmethod
    def _nest(cls, given: Any) -> Any:
        return _to_groups(given) if isinstance(given, Mapping) else given

    def replace(self, **changes: Any) -> Self:
        """A copy with changed values, validated.

        A group given as a mapping changes only the fields that the mapping names:
        ``settings.replace(vlm={"mode": "never"})``. Flat names work too. Raises SettingsError
        for a value that is not allowed.
        """
        nested = _to_groups(changes)
        for name, change in nested.items():
            if name in GROUPS and isinstance(change, Mapping):
                nested[name] = getattr(self, name).replace(**change)
        return super().replace(**nested)

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """The defaults, overridden by variables such as ``DOCAGENT_MAX_PAGES`` (prefix, flat name).

        environ: the variables, by default those of the process; empty ones count as unset. Raises
        SettingsError naming the variable, its value and what is allowed.
        """
        env = os.environ if environ is None else environ
        names = {name: ENV_PREFIX + name.upper() for name in FLAT_NAMES}
        given: dict[str, Any] = {
            name: env[variable] for name, variable in names.items() if env.get(variable)
        }
        try:
            return cls(**given)
        except SettingsError as error:
            name = next(n for n, path in FLAT_NAMES.items() if ".".join(path) == error.setting)
            value = "..." if name in _SECRET else repr(given[name])
            reason = str(error).partition(" is not allowed: ")[2]
            raise SettingsError(
                f"{names[name]}={value} is not allowed: {reason}. Change or unset the variable.",
                setting=error.setting,
            ) from error


GROUPS: Mapping[str, type[Frozen]] = {
    "limits": LimitSettings,
    "pdf": PdfSettings,
    "ocr": OcrSettings,
    "extraction": ExtractionSettings,
    "vlm": VlmSettings,
    "store": StoreSettings,
    "jobs": JobSettings,
    "serve": ServeSettings,
}
_PREFIXES = {"pdf": "pdf_", "vlm": "vlm_", "store": "store_", "jobs": "jobs_", "serve": "serve_"}
_OTHER_NAMES = {("vlm", "mode"): "vlm", ("pdf", "dpi"): "render_dpi"}
_SECRET = ("vlm_options", "vlm_api_key", "pdf_password", "store_url", "store_key")


def _flat_names() -> Iterator[tuple[str, tuple[str, ...]]]:
    for group, kind in GROUPS.items():
        for field in kind.model_fields:
            path = (group, field)
            yield _OTHER_NAMES.get(path, f"{_PREFIXES.get(group, '')}{field}"), path
    yield from ((name, (name,)) for name in Settings.model_fields if name not in GROUPS)


FLAT_NAMES: Mapping[str, tuple[str, ...]] = dict(_flat_names())
"""Flat name of each setting -> its path: ``vlm_url`` -> ``("vlm", "url")``."""
_DESCRIPTIONS = {
    ".".join(path): (GROUPS[path[0]] if len(path) > 1 else Settings)
    .model_fields[path[-1]]
    .description
    or ""
    for path in FLAT_NAMES.values()
}
_SECRET_PATHS = tuple(".".join(FLAT_NAMES[name]) for name in _SECRET)


def _to_groups(given: Mapping[str, Any]) -> dict[str, Any]:
    """Move values with flat names into their groups, and merge them with values already there."""
    nested = {k: v for k, v in given.items() if len(FLAT_NAMES.get(k, ())) < 2 or _is_group(k, v)}
    for name, value in given.items():
        path = FLAT_NAMES.get(name, ())
        if len(path) < 2 or _is_group(name, value):
            continue
        group, field = path
        old = nested.get(group, {})
        changed = {field: value}
        nested[group] = old.replace(**changed) if isinstance(old, Frozen) else old | changed
    return nested


def _is_group(name: str, value: Any) -> bool:
    """Whether a value is a whole group, not the setting with the same flat name (``vlm``)."""
    return name in GROUPS and isinstance(value, Mapping | Frozen)


def check_settings(given: object) -> None:
    """Raises SettingsError unless the settings are None or a ``Settings``."""
    if given is not None and not isinstance(given, Settings):
        raise SettingsError(
            f"settings={shown(given)} is not allowed; give Settings(...), such as "
            "Settings(vlm_url=URL), or None for the defaults"
        )
