"""Selection of the OCR engine: docagent's own, Tesseract, RapidOCR, all fused, or automatic."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from importlib.util import find_spec

from docagent.errors import MissingExtraError, SettingsError, install_extra
from docagent.ocr.engine import OcrEngine
from docagent.ocr.engines import rapidocr as rapid
from docagent.ocr.engines import tesseract
from docagent.ocr.engines.fused_engine import FusedEngine
from docagent.ocr.engines.lazy import once
from docagent.ocr.engines.rapidocr import RapidOcrEngine
from docagent.ocr.engines.routed_engine import FUSED_WITH_RAPIDOCR, RoutedEngine
from docagent.ocr.engines.tesseract import TesseractEngine
from docagent.ocr.types import PageEngine
from docagent.settings import EngineName, Settings


def installed_engines() -> tuple[EngineName, ...]:
    """Engines that can be used here, determined without loading any."""
    others: list[EngineName] = []
    if shutil.which(tesseract.COMMAND):
        others.append("tesseract")
    if find_spec(rapid.PACKAGE):
        others.append("rapidocr")
    return ("docagent", *others, "fused", "auto") if others else ("docagent", "auto")


def check_engine(name: EngineName) -> None:
    """Raise SettingsError or MissingExtraError, saying what to install, if an engine is not
    usable."""
    if name in installed_engines():
        return
    if name == "tesseract":
        raise SettingsError(tesseract.missing_tesseract(), "not_installed")
    if name == "rapidocr":
        raise MissingExtraError("engine 'rapidocr'", "rapidocr")
    raise SettingsError(
        "engine 'fused' reads a page with docagent and others, and no other is installed; "
        f"install the tesseract command, or {install_extra('rapidocr')}, or use engine 'docagent'",
        "not_installed",
    )


def load_engine(settings: Settings, own: Callable[[], OcrEngine]) -> PageEngine:
    """Load the engine that ``settings.ocr.engine`` names.

    own: constructs docagent's own engine. Raises SettingsError or MissingExtraError if the engine
    is not installed, ModelError if its weights cannot be used.
    """
    check_engine(settings.ocr.engine)
    makers = _makers(settings, own)
    if settings.ocr.engine == "auto":
        usable: set[str] = {*installed_engines()}
        usable |= {FUSED_WITH_RAPIDOCR} if "rapidocr" in usable else set()
        return RoutedEngine({name: make for name, make in makers.items() if name in usable})
    return makers[settings.ocr.engine]()


def _makers(
    settings: Settings, own: Callable[[], OcrEngine]
) -> dict[str, Callable[[], PageEngine]]:
    # Each engine is constructed once, also if several entries below share it.
    make_own = once(own)
    make_tesseract = once(lambda: TesseractEngine(settings))
    make_rapid = once(lambda: RapidOcrEngine(settings))

    def make_fused() -> FusedEngine:
        usable = installed_engines()
        others = [
            make()
            for name, make in (("tesseract", make_tesseract), ("rapidocr", make_rapid))
            if name in usable
        ]
        return FusedEngine(make_own(), others)

    return {
        "docagent": make_own,
        "tesseract": make_tesseract,
        "rapidocr": make_rapid,
        "fused": make_fused,
        FUSED_WITH_RAPIDOCR: lambda: FusedEngine(make_own(), [make_rapid()]),
    }
