"""Every limit and default of docagent, in one frozen value.

The environment is read in one place only, ``Settings.from_env``, and only when it is called.
docs/settings.md lists all of them.
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

from docagent.document import Frozen
from docagent.errors import SettingsError

ENV_PREFIX = "DOCAGENT_"

Aggregate = Literal["minimum", "geometric_mean"]
EngineName = Literal["docagent", "tesseract", "rapidocr", "fused", "auto"]
VlmMode = Literal["always", "unsure", "never"]
RuleName = Literal[
    "labels",
    "letterhead",
    "printed",
    "blanks",
    "first_date",
    "currency",
    "kinds",
    "parties",
    "headers",
    "rows",
    "ask_fields",
    "ask_labels",
]
RULE_NAMES: tuple[RuleName, ...] = get_args(RuleName)


def parse_rules(given: Any) -> Any:
    """Rule names separated by commas, ``none`` or ``all``, as a tuple; other values unchanged."""
    if not isinstance(given, str):
        return given
    named = {"all": RULE_NAMES, "none": ()}
    return named.get(given, tuple(name.strip() for name in given.split(",") if name.strip()))


Rules = Annotated[tuple[RuleName, ...], BeforeValidator(parse_rules)]

_LOCALE = re.compile(r"([a-z]{2,3})(?:[-_]([a-z]{2}))?", re.I)


def parse_adapters(given: Any) -> Any:
    """``"finance=NAME,legal=NAME"``, or a mapping, as pairs sorted by domain; pairs stay as they
    are. Raises ValueError naming the part that is wrong."""
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
    """A JSON object, or a mapping, as JSON text with sorted keys; empty as it is. Raises ValueError
    for anything else."""
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
    """A language code with an optional region, as ``de`` or ``en-GB``; empty as it is. Raises
    ValueError for anything else."""
    match = _LOCALE.fullmatch(given)
    if given and not match:
        raise ValueError("give a language code with an optional region, such as de or en-GB")
    return "-".join(filter(None, (match[1].lower(), (match[2] or "").upper()))) if match else ""


Options = Annotated[SecretStr, BeforeValidator(parse_options)]
"""Keyword arguments as JSON text, so that settings hash; not shown, as there may be keys in it."""

Adapters = Annotated[tuple[tuple[str, str], ...], BeforeValidator(parse_adapters)]
"""Domain of schemas -> name of the LoRA adapter served for them; pairs, so that settings hash."""

Locale = Annotated[str, AfterValidator(parse_locale)]
"""A language with an optional region, or empty."""


class LimitSettings(Frozen):
    """What a source may be."""

    max_bytes: int = Field(
        default=100 * 2**20, ge=1, description="Bytes of the largest source read."
    )
    max_pages: int = Field(default=500, ge=1, description="Most pages of one source.")
    max_pixels: int = Field(
        default=100_000_000,
        ge=64,
        le=170_000_000,
        description="Largest page image (width x height in pixels), checked before it is decoded.",
    )
    min_side: int = Field(
        default=8, ge=1, description="Pixels of the shortest side of an image that can hold text."
    )


class PdfSettings(Frozen):
    """How PDF files are opened, in processes of their own."""

    seconds: float = Field(
        default=20.0, gt=0, description="Longest that a step on one page may take."
    )
    memory: int = Field(
        default=2 * 2**30,
        ge=2**28,
        description="Bytes of address space of a process that parses (kept where the system can).",
    )
    processes: int = Field(
        default=0,
        ge=0,
        le=64,
        description="Most processes that parse, so that a file that takes long does not stall the "
        "others; 0 is as many as there are cores, at least 2 and at most 4.",
    )
    dpi: int = Field(
        default=200,
        ge=50,
        le=600,
        description="Dots per inch at which pages that are no scans are drawn.",
    )


class OcrSettings(Frozen):
    """How page images are read."""

    engine: EngineName = Field(
        default="docagent",
        description="What reads page images: docagent's own OCR, an installed Tesseract or "
        "RapidOCR, all of them fused, or the best for each page (auto).",
    )
    language_model: bool = Field(
        default=True,
        description="Whether a language model settles words that the recognizer is unsure of.",
    )
    confidence: Aggregate = Field(
        default="minimum",
        description="How the confidence of a word is made from those of its characters, and that "
        "of a line or a page from those of its words: the weakest, or the geometric mean.",
    )


class ExtractionSettings(Frozen):
    """Where values of fields come from, before any vision-language model is asked."""

    rules: Rules = Field(
        default=RULE_NAMES,
        description="Rules that propose values, separated by commas, or none: labels (values "
        "beside printed labels), letterhead (name and address of the issuer), first_date and "
        "currency (of fields that nothing else found), kinds (the only e-mail address, phone "
        "number or IBAN), parties (of a contract), headers (cells "
        "under a table's header), rows (cells grouped by height); for questions ask_fields (those "
        "that name a field of the document's kind) and ask_labels (those that name a label).",
    )
    embedded_reader: bool = Field(
        default=True, description="Whether the embedded reader proposes values beside the rules."
    )


class VlmSettings(Frozen):
    """A vision-language model (VLM). None is used unless it is named, by url or factory."""

    mode: VlmMode | None = Field(
        default=None,
        description="Whether it is asked always, where the embedded result is unsure, or never; "
        "None means unsure if one is named.",
    )
    url: str = Field(
        default="",
        pattern=r"^(https?://\S+)?$",
        description="Base of an OpenAI-compatible server, such as http://127.0.0.1:8000/v1.",
    )
    model: str = Field(
        default="", description="Its name on the server; empty takes the first one served."
    )
    adapters: Adapters = Field(
        default=(),
        description="Names of LoRA adapters on the server by domain of the document "
        "(finance=NAME,legal=NAME), asked instead of the model.",
    )
    api_key: SecretStr = Field(
        default=SecretStr(""), description="Sent to the server as a bearer token."
    )
    factory: str = Field(
        default="",
        pattern=r"^([\w.]+:[\w.]+)?$",
        description="package.module:factory, a callable that returns any LangChain chat model, or "
        "the class of one, instead of a URL.",
    )
    options: Options = Field(
        default=SecretStr(""),
        description='Keyword arguments of the factory, a JSON object ({"model": "NAME"}).',
    )
    timeout: float = Field(
        default=120.0,
        gt=0,
        description="Seconds that a server may be silent; a whole call may take twice that.",
    )
    seconds: float = Field(
        default=300.0, gt=0, description="What the calls for one document may take."
    )
    calls: int = Field(default=16, ge=1, description="Most calls for one document.")
    retries: int = Field(
        default=2, ge=0, le=10, description="Retries of a call that may succeed a moment later."
    )
    concurrency: int = Field(default=4, ge=1, le=256, description="Calls at one time.")
    max_tokens: int = Field(
        default=2048,
        ge=16,
        description="Longest answer in tokens; cut to what the model takes, where its server "
        "tells.",
    )
    tools: bool = Field(
        default=True, description="Whether a model that can call tools gets them in a conversation."
    )
    tool_calls: int = Field(default=12, ge=1, description="Most calls of tools for one question.")
    images: int = Field(
        default=4,
        ge=0,
        description="Most images of a call, at most half of them (rounded up) pages, the others "
        "enlarged places.",
    )
    pixels: int = Field(
        default=1_500_000, ge=10_000, description="Pixels of the largest page image sent."
    )
    chars: int = Field(
        default=12_000,
        ge=200,
        description="Most characters of page text in a call; longer documents are split, and in a "
        "conversation searched. Cut to what the model takes, where its server tells.",
    )
    unsure: float = Field(
        default=0.8,
        ge=0,
        le=1,
        description="Fields and answers with less confidence are asked of the model in the mode "
        "unsure (0: only those without an answer or in a failed check).",
    )
    trust: float = Field(
        default=0.75,
        ge=0.05,
        le=0.98,
        description="How often a value that the model gives is right; `python -m eval.cascade` "
        "measures it.",
    )
    tracing: bool = Field(
        default=False,
        description="Whether LangChain may send calls, with the text and pictures of pages, to "
        "the tracing service that LANGSMITH_TRACING and its like name.",
    )

    @property
    def is_named(self) -> bool:
        """Whether the settings say which model it is."""
        return bool(self.url or self.factory)

    @property
    def effective_mode(self) -> VlmMode:
        """The mode; where it is None, ``unsure`` if a model is named and ``never`` if none is."""
        return self.mode or ("unsure" if self.is_named else "never")


class Settings(Frozen):
    """Limits on input, and how much of the machine to use.

    Every field has a flat name too, accepted as a keyword argument: ``Settings(vlm_url=URL)`` is
    ``Settings(vlm=VlmSettings(url=URL))``. ``FLAT_NAMES`` is the table of them.
    """

    limits: LimitSettings = LimitSettings()
    pdf: PdfSettings = PdfSettings()
    ocr: OcrSettings = OcrSettings()
    extraction: ExtractionSettings = ExtractionSettings()
    vlm: VlmSettings = VlmSettings()
    threads: int = Field(
        default=0, ge=0, le=256, description="Of one inference; 0 takes all cores."
    )
    weights_dir: Path | None = Field(
        default=None, description="Folder of networks to use instead of the shipped ones."
    )
    locale: Locale = Field(
        default="",
        description="Language of the documents with an optional region (de, en-GB): settles the "
        "order of day and month, decimal marks and $ where the text alone does not.",
    )

    @model_validator(mode="before")
    @classmethod
    def _nest(cls, given: Any) -> Any:
        return _to_groups(given) if isinstance(given, Mapping) else given

    def replace(self, **changes: Any) -> Self:
        """The settings with other values, validated. A group given as a mapping changes the
        fields it names: ``settings.replace(vlm={"mode": "never"})``; so do flat names.

        Raises pydantic.ValidationError for a value that is not allowed.
        """
        nested = _to_groups(changes)
        for name, change in nested.items():
            if name in GROUPS and isinstance(change, Mapping):
                nested[name] = getattr(self, name).replace(**change)
        return super().replace(**nested)

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Defaults overridden by ``DOCAGENT_<FLAT NAME>`` variables, as ``DOCAGENT_MAX_PAGES=20``.

        environ: the variables, by default those of the process. Empty ones count as unset.
        Raises SettingsError naming the variable, its value and what is allowed.
        """
        env = os.environ if environ is None else environ
        names = {name: ENV_PREFIX + name.upper() for name in FLAT_NAMES}
        given = {name: env[variable] for name, variable in names.items() if env.get(variable)}
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            first = error.errors()[0]
            name = next(n for n, path in FLAT_NAMES.items() if path == first["loc"][: len(path)])
            value = "..." if name in _SECRET else repr(first["input"])
            raise SettingsError(
                f"{names[name]}={value} is not allowed: {first['msg']}. "
                "Change or unset the variable."
            ) from error


GROUPS: Mapping[str, type[Frozen]] = {
    "limits": LimitSettings,
    "pdf": PdfSettings,
    "ocr": OcrSettings,
    "extraction": ExtractionSettings,
    "vlm": VlmSettings,
}
_PREFIXES = {"pdf": "pdf_", "vlm": "vlm_"}
_OTHER_NAMES = {("vlm", "mode"): "vlm", ("pdf", "dpi"): "render_dpi"}
_SECRET = ("vlm_options", "vlm_api_key")


def _flat_names() -> Iterator[tuple[str, tuple[str, ...]]]:
    for group, kind in GROUPS.items():
        for field in kind.model_fields:
            path = (group, field)
            yield _OTHER_NAMES.get(path, f"{_PREFIXES.get(group, '')}{field}"), path
    yield from ((name, (name,)) for name in Settings.model_fields if name not in GROUPS)


FLAT_NAMES: Mapping[str, tuple[str, ...]] = dict(_flat_names())
"""Flat name of each setting -> where it is: ``vlm_url`` -> ``("vlm", "url")``."""


def _to_groups(given: Mapping[str, Any]) -> dict[str, Any]:
    """Values with flat names put into the groups they belong to, beside what is there."""
    nested = {k: v for k, v in given.items() if len(FLAT_NAMES.get(k, ())) < 2 or _is_group(k, v)}
    for name, value in given.items():
        path = FLAT_NAMES.get(name, ())
        if len(path) < 2 or _is_group(name, value):
            continue
        group, field = path
        there = nested.get(group, {})
        changed = {field: value}
        nested[group] = there.replace(**changed) if isinstance(there, Frozen) else there | changed
    return nested


def _is_group(name: str, value: Any) -> bool:
    """Whether a value is that of a group rather than of the setting with the same flat name."""
    return name in GROUPS and isinstance(value, Mapping | Frozen)
