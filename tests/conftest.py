"""Settings for the whole suite, and what several modules of tests are given."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import settings
from PIL import Image

# Times on a shared machine say nothing about the code; pytest shows slow tests with --durations.
settings.register_profile("docagent", deadline=None)
settings.load_profile("docagent")


@pytest.fixture
def labelled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny copy of the layout of the labelled sets, made here."""
    monkeypatch.setenv("DOCAGENT_DATA", str(tmp_path))
    funsd, sroie = tmp_path / "funsd/dev", tmp_path / "sroie/dev"
    for folder in ("images", "annotations"):
        (funsd / folder).mkdir(parents=True)
    for folder in ("img", "box", "key"):
        (sroie / folder).mkdir(parents=True)
    Image.new("L", (100, 80), 255).save(funsd / "images/f.png")
    words = [{"box": [1, 2, 11, 12], "text": "Hi"}, {"box": [0, 0, 1, 1], "text": " "}]
    (funsd / "annotations/f.json").write_text(json.dumps({"form": [{"words": words}]}))
    Image.new("L", (100, 80), 255).save(sroie / "img/s.jpg")
    (sroie / "box/s.csv").write_text("10,5,50,6,50,15,10,14,A, B\n\n1,1,2,1,2,2,1,2, \n")
    (sroie / "key/s.json").write_text('{"company": "A", "date": "", "total": "5.00"}')
    nda = tmp_path / "kleister-nda/dev"
    nda.mkdir(parents=True)
    entry = {"file": "n.pdf", "expected": {"party": ["A_Inc.", "B"]}}
    (nda / "expected.json").write_text(json.dumps([entry]))
    bln = tmp_path / "bln600/dev"
    bln.mkdir(parents=True)
    (bln / "pairs.csv").write_text('Sample ID,OCR Text,Ground Truth\n1,"a, b",a\n', "utf-8-sig")
    return tmp_path
