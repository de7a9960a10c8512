"""Sizes of the model files that engines load, in 10^6 bytes."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import docagent
from docagent.settings import Settings

MB = 1_000_000
DETECTOR_AND_RECOGNIZER = ("detector.onnx", "recognizer.onnx")
OWN_WEIGHTS = (*DETECTOR_AND_RECOGNIZER, "language_model.bin")
"""What docagent loads to read a page. The reader that finds fields is no part of OCR."""
RAPID_NETWORKS = ("*_det_*.onnx", "*_rec_*.onnx")


def weights_dir() -> Path:
    """Where docagent's weights are: DOCAGENT_WEIGHTS_DIR or those it ships."""
    given = Settings.from_env().weights_dir
    return given or Path(docagent.__file__).parent / "weights"


def folder_mb(folder: Path, pattern: str) -> float:
    """Size of the files that match, in 10^6 bytes."""
    return sum(path.stat().st_size for path in folder.glob(pattern) if path.is_file()) / MB


def own_weights_mb(names: Sequence[str]) -> float:
    """Of docagent's own files; the language model is always the one that ships."""
    folders = (weights_dir(), Path(docagent.__file__).parent / "weights")
    found = [next((f / n for f in folders if (f / n).is_file()), None) for n in names]
    return sum(path.stat().st_size for path in found if path is not None) / MB


def other_weights_mb(name: str, rapid: Sequence[str] = ("*.onnx",)) -> float:
    """Of the engines beside docagent's own: of all for ``fused``, of the one that ``auto`` asks."""
    if name == "auto":
        return rapid_models_mb(rapid) or tesseract_mb()
    return rapid_models_mb(rapid) + tesseract_mb()


def rapid_models_mb(patterns: Sequence[str] = ("*.onnx",)) -> float:
    """Of RapidOCR's models that match; 0 where it is not installed."""
    found = find_spec("rapidocr")
    if found is None or found.origin is None:
        return 0.0
    return sum(folder_mb(Path(found.origin).parent / "models", pattern) for pattern in patterns)


def tesseract_mb() -> float:
    """Of the English data of the Tesseract on PATH; 0 without one."""
    command = shutil.which("tesseract")
    return tesseract_data_mb(command) if command else 0.0


def tesseract_data_mb(command: str) -> float:
    """Of the English data of a Tesseract command."""
    listed = subprocess.run([command, "--list-langs"], capture_output=True, text=True, check=True)
    first = (listed.stdout or listed.stderr).splitlines()[0]
    folder = first.split('"')[1] if '"' in first else ""
    return folder_mb(Path(folder), "eng.traineddata") if folder else 0.0
