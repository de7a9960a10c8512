"""Recipes: one from nothing to each shipped weight, and they run.

Those that run need the 'train' extra: ``pytest -m train``.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
RECIPES = sorted((ROOT / "finetune" / "recipes").glob("*.sh"))
SECONDS = 900

needs_bash = pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")


def test_every_shipped_weight_has_a_recipe() -> None:
    text = "\n".join(path.read_text("utf-8") for path in RECIPES)
    made = set(re.findall(r"made \$WEIGHTS/([\w.]+)", text))
    shipped = {path.name for path in (ROOT / "docagent" / "weights").iterdir()}
    described = {"reader.json", "reader_NOTICE.txt"}
    assert {name for name in shipped if not name.endswith(".md")} - described <= made


@needs_bash
@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.name)
def test_recipes_parse(path: Path) -> None:
    subprocess.run(["bash", "-n", str(path)], check=True)


def run_recipe(name: str, folder: Path) -> Path:
    """Run a recipe on its tiny budget; the folder of its weights."""
    environment = {**os.environ, "QUICK": "1", "RUNS": str(folder), "PYTHON": sys.executable}
    command = ["bash", str(ROOT / "finetune" / "recipes" / name)]
    done = subprocess.run(
        command, env=environment, cwd=folder, capture_output=True, text=True, timeout=SECONDS
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return folder / "weights"


@needs_bash
@pytest.mark.train
def test_language_model(tmp_path: Path) -> None:
    pytest.importorskip("faker")
    from docagent.text.language_model import load_language_model

    made = run_recipe("language_model.sh", tmp_path)
    model = load_language_model(made / "language_model.bin")
    assert "invoice" in model.words


@needs_bash
@pytest.mark.train
def test_detector(tmp_path: Path) -> None:
    fonts = pytest.importorskip("finetune.synthesis.fonts")
    found = (path for folder in fonts.FONT_FOLDERS for path in Path(folder).rglob("*.[to]tf"))
    if next(found, None) is None:
        pytest.skip("no fonts are installed to draw documents with")
    import numpy as np

    from docagent.ocr.detection.detector import TextDetector

    made = run_recipe("detector.sh", tmp_path)
    detector = TextDetector(made / "detector.onnx", 1)
    assert isinstance(list(detector.detect(np.full((200, 300), 255, np.uint8))), list)
