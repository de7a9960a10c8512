"""OCR engines behind one call: ``read(path)`` gives lines of words with boxes in pixels.

Engines: ``docagent``; ``fused`` and ``auto`` (docagent with those beside it, as
``Settings.engine`` has it); ``tesseract`` (command line, psm 3); ``tesseract-3x`` (page enlarged);
``rapidocr`` (as installed, native word boxes); ``rapidocr-2x`` (page enlarged, angle
classifier off). All run one thread. Coordinates are those of the file as stored.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from docagent.errors import SettingsError
from eval.systems.docagent_engine import DocAgentEngine
from eval.systems.line_readings import ReadLine, document_to_lines, image_size
from eval.systems.rapidocr_engine import RapidOcrEngine
from eval.systems.tesseract_engine import TesseractEngine, tesseract_command
from eval.systems.threads import THREAD_LIMITS
from eval.systems.weights import (
    DETECTOR_AND_RECOGNIZER,
    RAPID_NETWORKS,
    other_weights_mb,
    own_weights_mb,
    rapid_models_mb,
    tesseract_mb,
)

# The door of the folder for those who read pages with the engines.
__all__ = [
    "ENGINES",
    "THREAD_LIMITS",
    "Engine",
    "ReadLine",
    "check_installed",
    "check_known",
    "document_to_lines",
    "image_size",
    "load_engine",
    "networks_mb",
]


class Engine(Protocol):
    """An OCR engine. ``weights_mb``: size of the model files it loads, in 10^6 bytes."""

    name: str
    weights_mb: float

    def read(self, path: Path) -> list[ReadLine]:
        """Lines of an image file, boxes in pixels of the stored image."""
        ...


ENGINES: dict[str, Callable[[], Engine]] = {
    "docagent": DocAgentEngine,
    "fused": lambda: DocAgentEngine("fused"),
    "auto": lambda: DocAgentEngine("auto"),
    "tesseract": TesseractEngine,
    "tesseract-3x": lambda: TesseractEngine(scale=3),
    "rapidocr": RapidOcrEngine,
    "rapidocr-2x": lambda: RapidOcrEngine(scale=2, classify_angle=False),
}


def check_known(name: str) -> None:
    """Raise SettingsError for an unknown engine."""
    if name not in ENGINES:
        raise SettingsError(f"engine {name!r} is not known; allowed are {', '.join(ENGINES)}")


def check_installed(name: str) -> None:
    """Raise SettingsError for an unknown engine, and, saying what to install, for one that is not
    installed; nothing is loaded."""
    check_known(name)
    if name.startswith("tesseract"):
        tesseract_command()
    if name.startswith("rapidocr") and not find_spec("rapidocr"):
        install = "pip install '.[rapidocr]'"
        raise SettingsError(f"engine {name} needs rapidocr: {install}, or leave {name} out")


def load_engine(name: str) -> Engine:
    """The engine of that name, its models loaded. Raises SettingsError for an unknown one, and for
    one that is not installed."""
    check_installed(name)
    return ENGINES[name]()


def networks_mb(name: str) -> float:
    """Size of the detectors and recognizers among an engine's weights, in 10^6 bytes. Tesseract's
    are one file with its dictionaries. Raises SettingsError for an unknown engine."""
    check_known(name)
    own = own_weights_mb(DETECTOR_AND_RECOGNIZER)
    if name in ("docagent", "fused", "auto"):
        return own + (other_weights_mb(name, RAPID_NETWORKS) if name != "docagent" else 0.0)
    return rapid_models_mb(RAPID_NETWORKS) if name.startswith("rapidocr") else tesseract_mb()
