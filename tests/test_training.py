"""Each OCR training script makes data, takes a few steps, exports, and its weights can be used.

Needs the 'train' extra: ``pytest -m train``. What the weights are worth is measured in ``eval``.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from docagent.errors import ModelError
from docagent.ocr.detection.detector import TextDetector
from docagent.ocr.recognition.recognizer import TextRecognizer

pytestmark = pytest.mark.train

ROOT = Path(__file__).parents[1]
SECONDS = 600


def run(module: str, *arguments: object) -> None:
    """A script from the root of the repository, as ``finetune/README.md`` shows it."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    fonts = pytest.importorskip("finetune.synthesis.fonts")
    found = (path for folder in fonts.FONT_FOLDERS for path in Path(folder).rglob("*.[to]tf"))
    if next(found, None) is None:
        pytest.skip("no fonts are installed to draw documents with")
    folder = tmp_path_factory.mktemp("shards")
    run("finetune.synthesis", "shards", "--output", folder, "--count", 1)
    assert list(folder.iterdir())
    return folder


def test_detector(shards: Path, tmp_path: Path) -> None:
    run("finetune.detector", "--shards", shards, "--output", tmp_path, "--minutes", 0.05)
    weights = tmp_path / "detector.onnx"
    run("finetune.detector", "--output", tmp_path, "--export", weights)
    found = TextDetector(weights, 1).detect(np.full((200, 300), 255, np.uint8))
    assert all(detection.polygon.shape == (4, 2) for detection in found)


def test_recognizer(shards: Path, tmp_path: Path) -> None:
    run("finetune.recognizer", "--shards", shards, "--output", tmp_path, "--minutes", 0.05)
    weights = tmp_path / "recognizer.onnx"
    run("finetune.recognizer", "--output", tmp_path, "--export", weights)
    readings = TextRecognizer(weights, 1).recognize([np.full((32, 200), 255, np.uint8)])
    assert 0.0 <= readings[0].confidence <= 1.0


def test_weights_that_are_cut_short_are_refused(tmp_path: Path) -> None:
    (tmp_path / "detector.onnx").write_bytes(b"\x08\x07 not a network")
    with pytest.raises(ModelError, match=r"detector\.onnx"):
        TextDetector(tmp_path / "detector.onnx", 1)
