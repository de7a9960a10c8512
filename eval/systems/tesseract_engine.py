"""Tesseract 5 as one of the engines that are compared."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from docagent.errors import SettingsError
from docagent.ocr.engines import boxed_words
from eval.systems.line_readings import (
    ReadLine,
    enlarged_page,
    enlargement,
    image_size,
    words_to_line,
)
from eval.systems.threads import THREAD_LIMITS
from eval.systems.weights import tesseract_data_mb


def tesseract_command() -> str:
    """Path of the ``tesseract`` command. Raises SettingsError if there is none."""
    command = shutil.which("tesseract")
    if command is None:
        raise SettingsError(
            "there is no tesseract command on PATH; install tesseract-ocr with its English data, "
            "or leave tesseract out"
        )
    return command


class TesseractEngine:
    """Tesseract 5 as a command; the page can be enlarged first."""

    def __init__(self, scale: int = 1) -> None:
        self.command = tesseract_command()
        self.scale = scale
        self.name = "tesseract" if scale == 1 else f"tesseract-{scale}x"
        self.weights_mb = tesseract_data_mb(self.command)

    def read(self, path: Path) -> list[ReadLine]:
        """Runs ``tesseract FILE - --psm 3 tsv``."""
        scale = enlargement(image_size(path), self.scale)
        if scale == 1:
            return tsv_to_lines(self.run(path, 3, "tsv"), 1.0)
        with tempfile.TemporaryDirectory() as folder:
            larger = Path(folder) / "page.png"
            enlarged_page(path, scale).save(larger)
            return tsv_to_lines(self.run(larger, 3, "tsv"), 1 / scale)

    def run(self, path: Path, psm: int, *configs: str) -> str:
        """Standard output of the command. Raises CalledProcessError if it fails."""
        command = [self.command, str(path), "-", "--psm", str(psm), *configs]
        env = {**os.environ, **THREAD_LIMITS}
        done = subprocess.run(command, capture_output=True, env=env, check=True)
        return done.stdout.decode("utf-8", "replace")


def tsv_to_lines(tsv: str, scale: float) -> list[ReadLine]:
    """Lines of Tesseract's TSV; boxes are multiplied by ``scale``, confidences made 0-1."""
    return [words_to_line(line, 1.0) for line in boxed_words.tsv_to_lines(tsv, scale)]
