"""The OCR engines there are: docagent's own, Tesseract, RapidOCR, all fused, or the best for
each page."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from importlib.util import find_spec

from docagent.errors import MissingExtraError, SettingsError
from docagent.ocr.engine import OcrEngine
from docagent.ocr.engines import rapidocr as rapid
from docagent.ocr.engines import tesseract
from docagent.ocr.engines.fused import FusedEngine
from docagent.ocr.engines.lazy import once
from docagent.ocr.engines.rapidocr import RapidOcrEngine
from docagent.ocr.engines.router import PAIR, RoutedEngine
from docagent.ocr.engines.tesseract import TesseractEngine
from docagent.ocr.types import PageReader
from docagent.settings import EngineName, Settings


def installed_engines() -> tuple[EngineName, ...]:
    """Engines that can be used here, without loading any."""
    others: list[EngineName] = []
    if shutil.which(tesseract.COMMAND):
        others.append("tesseract")
    if find_spec(rapid.PACKAGE):
        others.append("rapidocr")
    return ("docagent", *others, "fused", "auto") if others else ("docagent", "auto")


def check_engine(name: EngineName) -> None:
    """Raises SettingsError or MissingExtraError saying what to install for an engine."""
    if name in installed_engines():
        return
    if name == "tesseract":
        raise SettingsError(tesseract.missing_tesseract())
    if name == "rapidocr":
        raise MissingExtraError("engine 'rapidocr'", "rapidocr")
    raise SettingsError(
        "engine 'fused' reads a page with docagent and others, and no other is installed; "
        "install the tesseract command or pip install 'docagent[rapidocr]', or use engine "
        "'docagent'"
    )


def load_engine(settings: Settings, own: Callable[[], OcrEngine]) -> PageReader:
    """The engine that ``settings.engine`` names. own: makes docagent's own engine.

    Raises SettingsError or MissingExtraError if it is not installed, ModelError if its weights
    cannot be used.
    """
    check_engine(settings.engine)
    makers = _makers(settings, own)
    if settings.engine == "auto":
        usable: set[str] = {*installed_engines()}
        usable |= {PAIR} if "rapidocr" in usable else set()
        return RoutedEngine({name: make for name, make in makers.items() if name in usable})
    return makers[settings.engine]()


def _makers(
    settings: Settings, own: Callable[[], OcrEngine]
) -> dict[str, Callable[[], PageReader]]:
    # One of each, however many of the engines below share it.
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
        PAIR: lambda: FusedEngine(make_own(), [make_rapid()]),
    }
