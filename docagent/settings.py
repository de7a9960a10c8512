"""Every limit and default of docagent, in one frozen value.

The environment is read in one place only, ``Settings.from_env``, and only when it is called.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, SecretStr, ValidationError

from docagent.document import Frozen
from docagent.errors import SettingsError

ENV_PREFIX = "DOCAGENT_"

Aggregate = Literal["minimum", "geometric_mean"]
EngineName = Literal["docagent", "tesseract", "rapidocr", "fused", "auto"]
VlmMode = Literal["always", "unsure", "never"]


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
        raise ValueError('it is no JSON object, such as {"model": "NAME"}') from error
    if not isinstance(options, Mapping) or not all(isinstance(key, str) for key in options):
        raise ValueError('it is no JSON object, such as {"model": "NAME"}')
    return text if options else ""


Options = Annotated[SecretStr, BeforeValidator(parse_options)]
"""Keyword arguments as JSON text, so that settings hash; not shown, as there may be keys in it."""

Adapters = Annotated[tuple[tuple[str, str], ...], BeforeValidator(parse_adapters)]
"""Domain of schemas -> name of the LoRA adapter served for them; pairs, so that settings hash."""


class Settings(Frozen):
    """Limits on input, and how much of the machine to use.

    max_bytes: largest source read. max_pages: most pages of one source. max_pixels: largest
    page image (width x height), checked before it is decoded. min_side: shortest side in
    pixels that can hold text. render_dpi: dots per inch for PDF pages that are not scans.
    pdf_seconds: longest a step on one PDF page may take. pdf_memory: bytes of address space
    of the process that parses PDFs (kept where the system can). threads: of one inference;
    0 takes all cores. weights_dir: other weights than the shipped ones. language_model: whether
    a language model settles words that the recognizer is unsure of. confidence: how the
    confidence of a word is made from those of its characters, and that of a line or a page from
    those of its words: the weakest, or the geometric mean. engine: what reads page images:
    docagent's own OCR, an installed Tesseract or RapidOCR, all of them fused, or the best for each
    page (auto).

    Of a vision-language model (VLM), none of which is used unless it is named: vlm: whether it
    is asked always, where the embedded result is unsure, or never; None means unsure if one is
    named. vlm_url: base of an OpenAI-compatible server (``http://127.0.0.1:8000/v1``).
    vlm_model: its name there; empty takes the first one served. vlm_adapters: names of LoRA
    adapters there by domain of the document (``finance=NAME,legal=NAME``), used instead of
    vlm_model. vlm_api_key: sent as a bearer
    token. vlm_factory: ``package.module:factory``, a callable that returns any LangChain chat
    model, or the class of one, instead of a URL. vlm_options: its keyword arguments, a JSON object
    (``{"model": "NAME"}``). vlm_timeout: seconds a server may be silent; a
    whole call may take twice that.
    vlm_seconds and vlm_calls: what one document may take altogether. vlm_retries: of a call
    that may succeed a moment later. vlm_concurrency: calls at one time. vlm_max_tokens: longest
    answer. vlm_tools: whether a model that can call tools gets them in a conversation.
    vlm_tool_calls: most calls of tools for one question. vlm_images: most images of a call, at
    most half of them (rounded up) pages, the others enlarged places. vlm_pixels: largest page
    image sent. vlm_chars: most characters of page text in a call; longer documents are split, and
    in a conversation searched. It and vlm_max_tokens are cut to what the model takes, where its
    server tells. vlm_unsure: fields and answers with less confidence are asked of the model in the
    mode unsure (0: only those without an answer or in a failed check). vlm_trust: how often a
    value that the model gives is right; ``python -m eval.cascade`` measures it. vlm_tracing:
    whether LangChain may send calls, with the text and pictures of pages, to the tracing service
    that LANGSMITH_TRACING and its like name.
    """

    max_bytes: int = Field(default=100 * 2**20, ge=1)
    max_pages: int = Field(default=500, ge=1)
    max_pixels: int = Field(default=100_000_000, ge=64, le=170_000_000)
    min_side: int = Field(default=8, ge=1)
    render_dpi: int = Field(default=200, ge=50, le=600)
    pdf_seconds: float = Field(default=20.0, gt=0)
    pdf_memory: int = Field(default=2 * 2**30, ge=2**28)
    threads: int = Field(default=0, ge=0, le=256)
    weights_dir: Path | None = None
    language_model: bool = True
    confidence: Aggregate = "minimum"
    engine: EngineName = "docagent"
    vlm: VlmMode | None = None
    vlm_url: str = Field(default="", pattern=r"^(https?://\S+)?$")
    vlm_model: str = ""
    vlm_adapters: Adapters = ()
    vlm_api_key: SecretStr = SecretStr("")
    vlm_factory: str = Field(default="", pattern=r"^([\w.]+:[\w.]+)?$")
    vlm_options: Options = SecretStr("")
    vlm_timeout: float = Field(default=120.0, gt=0)
    vlm_seconds: float = Field(default=300.0, gt=0)
    vlm_calls: int = Field(default=16, ge=1)
    vlm_retries: int = Field(default=2, ge=0, le=10)
    vlm_concurrency: int = Field(default=4, ge=1, le=256)
    vlm_max_tokens: int = Field(default=2048, ge=16)
    vlm_tools: bool = True
    vlm_tool_calls: int = Field(default=12, ge=1)
    vlm_images: int = Field(default=4, ge=0)
    vlm_pixels: int = Field(default=1_500_000, ge=10_000)
    vlm_chars: int = Field(default=12_000, ge=200)
    vlm_unsure: float = Field(default=0.8, ge=0, le=1)
    vlm_trust: float = Field(default=0.75, ge=0.05, le=0.98)
    vlm_tracing: bool = False

    @property
    def vlm_mode(self) -> VlmMode:
        """What ``vlm`` says, or else ``unsure`` if a model is named and ``never`` if none is."""
        named = bool(self.vlm_url or self.vlm_factory)
        return self.vlm or ("unsure" if named else "never")

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Defaults overridden by ``DOCAGENT_<NAME>`` variables, as ``DOCAGENT_MAX_PAGES=20``.

        environ: the variables, by default those of the process. Empty ones count as unset.
        Raises SettingsError naming the variable, its value and what is allowed.
        """
        env = os.environ if environ is None else environ
        names = {name: ENV_PREFIX + name.upper() for name in cls.model_fields}
        given = {name: env[variable] for name, variable in names.items() if env.get(variable)}
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            first = error.errors()[0]
            name = str(first["loc"][0])
            variable = names[name]
            value = "..." if name == "vlm_options" else repr(first["input"])
            raise SettingsError(
                f"{variable}={value} is not allowed: {first['msg']}. Change or unset the variable."
            ) from error
