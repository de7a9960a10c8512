"""Every limit and default of docagent, in one frozen value.

The environment is read in one place only, ``Settings.from_env``, and only when it is called.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from docagent.document import Frozen
from docagent.errors import SettingsError

ENV_PREFIX = "DOCAGENT_"

Aggregate = Literal["minimum", "geometric_mean"]
EngineName = Literal["docagent", "tesseract", "rapidocr", "fused", "auto"]


class Settings(Frozen):
    """Limits on input, and how much of the machine to use.

    max_bytes: largest source read. max_pages: most pages of one source. max_pixels: largest
    page image (width x height), checked before it is decoded. min_side: shortest side in
    pixels that can hold text. render_dpi: dots per inch for PDF pages that are not scans.
    pdf_seconds: longest a step on one PDF page may take. pdf_memory: bytes of address space
    of the process that parses PDFs (kept where the system can). threads: of one inference;
    0 takes all cores. weights_dir: other weights than the shipped ones. language_model: whether
    a language model settles words that the recognizer is unsure of. confidence: how a word's
    confidence is made from those of its characters. engine: what reads page images: docagent's own
    OCR, an installed Tesseract or RapidOCR, all of them fused, or the best for each page (auto).
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
            variable = names[str(first["loc"][0])]
            raise SettingsError(
                f"{variable}={first['input']!r} is not allowed: {first['msg']}. "
                "Change or unset the variable."
            ) from error
