"""Going on from exported networks with labelled data.

Needs the 'train' extra: ``pytest -m train``.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from docagent.document import Document
from docagent.errors import ModelError
from docagent.models import open_session
from eval.extras import run_command

pytestmark = pytest.mark.train

ROOT = Path(__file__).parents[1]
WEIGHTS = ROOT / "docagent" / "weights"
SECONDS = 120


def start(module: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", module, *map(str, arguments)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    return subprocess.Popen(command, cwd=ROOT, text=True, env=environment, **pipes)


def run(module: str, *arguments: object) -> tuple[int, str]:
    with start(module, *arguments) as process:
        output, _ = process.communicate(timeout=SECONDS)
    return process.returncode, output


def draw_pages(folder: Path, count: int) -> Path:
    """Pages of a face the networks were not trained on, with boxes and texts of their lines."""
    rng = random.Random(3)
    folder.mkdir()
    for number in range(count):
        page, lines = np.full((420, 620), 255, np.uint8), []
        for row in range(8):
            text = f"{rng.choice(('TOTAL', 'CASH', 'CHANGE'))} {rng.randint(1, 9999) / 100:.2f}"
            x, y = rng.randint(20, 200), 40 + 48 * row
            (width, height), below = cv2.getTextSize(text, cv2.FONT_HERSHEY_SCRIPT_COMPLEX, 0.9, 1)
            cv2.putText(page, text, (x, y), cv2.FONT_HERSHEY_SCRIPT_COMPLEX, 0.9, 0, 1)
            box = (x, y - height, x + width, y + below)
            corners = [box[0], box[1], box[2], box[1], box[2], box[3], box[0], box[3]]
            lines.append(",".join(map(str, corners)) + f",{text}")
        cv2.imwrite(str(folder / f"{number}.png"), page)
        (folder / f"{number}.txt").write_text("\n".join(lines), "utf-8")
    return folder


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_pages(tmp_path_factory.mktemp("labelled") / "data", 12)


class TestFromOnnx:
    def test_float_export_comes_back_exactly(self, tmp_path: Path) -> None:
        torch = pytest.importorskip("torch")
        from docagent.ocr.recognition.charset import CHARSET
        from finetune.ocr import export, from_onnx
        from finetune.ocr.detector.model import DetectorModel
        from finetune.ocr.recognizer.model import RecognizerModel

        torch.manual_seed(0)
        cases = [
            (lambda: RecognizerModel(len(CHARSET) + 1), export.export_recognizer, (3, 1, 32, 96)),
            (DetectorModel, export.export_detector, (1, 1, 64, 96)),
        ]
        for make, write, shape in cases:
            model, again = make(), make()
            for module in model.modules():
                if isinstance(module, torch.nn.BatchNorm2d):
                    module.running_mean.normal_()
                    module.running_var.uniform_(0.5, 2)
                    torch.nn.init.uniform_(module.weight, 0.5, 1.5)
                    torch.nn.init.normal_(module.bias)
            write(model.state_dict(), tmp_path / "model.onnx")
            inputs = torch.randn(shape)
            from_onnx.load_onnx(again, tmp_path / "model.onnx", inputs)
            with torch.no_grad():
                torch.testing.assert_close(again.eval()(inputs), model.eval()(inputs))

    def test_shipped_recognizer(self) -> None:
        torch = pytest.importorskip("torch")
        from docagent.ocr.recognition.charset import CHARSET
        from finetune.ocr.from_onnx import load_onnx
        from finetune.ocr.recognizer.model import RecognizerModel

        model = RecognizerModel(len(CHARSET) + 1)
        crops = np.ones((4, 1, 32, 160), np.float32)
        for row, text in zip(crops, ("Total 9.00", "INV-77", "Straße", "a, b; c"), strict=True):
            picture = np.full((32, 160), 255, np.uint8)
            cv2.putText(picture, text, (4, 23), cv2.FONT_HERSHEY_DUPLEX, 0.7, 0, 1)
            row[0] = picture / 127.5 - 1
        load_onnx(model, WEIGHTS / "recognizer.onnx", torch.from_numpy(crops))
        served = open_session(WEIGHTS / "recognizer.onnx").run(None, {"crops": crops})[0]
        with torch.no_grad():
            ours = model.eval()(torch.from_numpy(crops)).log_softmax(-1).numpy()
        # The served network also rounds what goes between its layers to 8 bits.
        assert np.mean(ours.argmax(-1) == served.argmax(-1)) > 0.95
        assert np.abs(np.exp(ours) - np.exp(served)).sum(-1).mean() < 0.1

    def test_shipped_detector(self, pages: Path) -> None:
        torch = pytest.importorskip("torch")
        from docagent.ocr.detection.detector import page_to_input
        from finetune.ocr.detector.model import DetectorModel
        from finetune.ocr.from_onnx import load_onnx

        page = cv2.imread(str(pages / "0.png"), cv2.IMREAD_GRAYSCALE)[:416, :608]
        inputs = page_to_input(np.ascontiguousarray(page))[None, None]
        model = DetectorModel()
        load_onnx(model, WEIGHTS / "detector.onnx", torch.from_numpy(inputs))
        served = open_session(WEIGHTS / "detector.onnx").run(None, {"pages": inputs})[0]
        with torch.no_grad():
            ours = model.eval()(torch.from_numpy(inputs)).sigmoid().numpy()
        assert np.abs(ours - served).mean() < 0.02
        assert served.max() > 0.9

    @pytest.mark.parametrize("name", ["detector.onnx", "gone.onnx", "broken.onnx"])
    def test_other_files_are_refused(self, tmp_path: Path, name: str) -> None:
        torch = pytest.importorskip("torch")
        from docagent.ocr.recognition.charset import CHARSET
        from finetune.ocr.from_onnx import load_onnx
        from finetune.ocr.recognizer.model import RecognizerModel

        (tmp_path / "broken.onnx").write_bytes(b"\x08\x07 not a network")
        path = WEIGHTS / name if (WEIGHTS / name).exists() else tmp_path / name
        with pytest.raises(ModelError, match=name):
            load_onnx(RecognizerModel(len(CHARSET) + 1), path, torch.ones(1, 1, 32, 64))


def test_start_from_a_checkpoint(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from finetune.ocr.adaptation.run import load_start
    from finetune.ocr.detector.model import DetectorModel

    model, again = DetectorModel(), DetectorModel()
    torch.save({"average": model.state_dict()}, tmp_path / "last.pt")
    load_start(again, tmp_path / "last.pt", torch.ones(1, 1, 64, 64))
    torch.testing.assert_close(again.state_dict(), model.state_dict())
    torch.save({"average": {}}, tmp_path / "other.pt")
    (tmp_path / "broken.pt").write_bytes(b"no checkpoint")
    for name in ("other.pt", "broken.pt", "gone.pt"):
        with pytest.raises(ModelError, match=rf"{name}: not a checkpoint"):
            load_start(again, tmp_path / name, torch.ones(1, 1, 64, 64))


def test_recognizer_starts_only_from_a_recognizer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    torch = pytest.importorskip("torch")
    from finetune.ocr.detector.model import DetectorModel

    torch.save({"average": DetectorModel().state_dict()}, tmp_path / "detector.pt")
    (tmp_path / "broken.pt").write_bytes(b"no checkpoint")
    for name in ("detector.pt", "broken.pt", "gone.pt", "gone.onnx"):
        command = ["recognizer", "--start", str(tmp_path / name), "--output", str(tmp_path / "out")]
        monkeypatch.setattr("sys.argv", command)
        assert run_command("finetune.ocr.recognizer.train", "train") == 2
        assert name in capsys.readouterr().err


def test_blend() -> None:
    torch = pytest.importorskip("torch")
    from finetune.ocr.adaptation.run import blend

    first = {"weight": torch.tensor([0.0, 2.0]), "count": torch.tensor(1)}
    last = {"weight": torch.tensor([1.0, 4.0]), "count": torch.tensor(5)}
    assert blend(first, last, 0.25)["weight"].tolist() == [0.25, 2.5]
    assert blend(first, last, 1.0)["count"] == 5


def test_either_case_is_right() -> None:
    torch = pytest.importorskip("torch")
    from finetune.ocr.losses import caseless_ctc_loss, ctc_loss
    from finetune.ocr.recognizer.batches import INDEX

    torch.manual_seed(0)
    logits = torch.randn(2, 9, len(INDEX) + 1, dtype=torch.float32, requires_grad=True)
    widths = torch.tensor([9, 7])
    losses = [caseless_ctc_loss(logits, texts, widths) for texts in (["aB", "c1"], ["AB", "C1"])]
    torch.testing.assert_close(*losses)
    # The mass of all spellings is at least that of any one of them.
    assert losses[0] < ctc_loss(logits, ["aB", "c1"], widths)
    losses[0].backward()
    place = (0, 3, INDEX["b"])
    moved = logits.detach().clone()
    moved[place] += 0.01
    change = (caseless_ctc_loss(moved, ["aB", "c1"], widths) - losses[0]).item()
    assert change == pytest.approx(0.01 * logits.grad[place].item(), rel=0.05)
    assert (
        torch.sign(logits.grad[..., INDEX["b"]]) == torch.sign(logits.grad[..., INDEX["B"]])
    ).all()


def test_recognizer_adapts(pages: Path, tmp_path: Path) -> None:
    arguments = ("finetune.recognizer", "--data", pages, "--output", tmp_path, "--minutes", 0.15)
    code, output = run(*arguments, "--force", "--case-insensitive")
    assert code == 0, output
    assert "crops: " in output
    assert "| exact match |" in output
    assert "the shipped calibration stays" in output
    report = json.loads((tmp_path / "adapted.json").read_text())["recognizer"]
    assert report["after"]["CER"] <= report["before"]["CER"] + 0.02
    shipped = {path.name for path in WEIGHTS.iterdir()}
    assert shipped <= {path.name for path in tmp_path.iterdir()}
    code, text = run("docagent", "read", pages / "0.png", "--weights", tmp_path, "--json", "-q")
    assert code == 0, text
    assert len(Document.model_validate_json(text).pages[0].lines) >= 6


def test_detector_adapts_into_the_same_folder(pages: Path, tmp_path: Path) -> None:
    (tmp_path / "adapted.json").write_text('{"recognizer": {}}')
    (tmp_path / "recognizer.onnx").write_bytes(b"mine")
    arguments = ("--data", pages, "--output", tmp_path, "--minutes", 0.1, "--force")
    code, output = run("finetune.detector", *arguments)
    assert code == 0, output
    assert "boxes are taken for lines" in output
    assert (tmp_path / "recognizer.onnx").read_bytes() == b"mine"
    assert set(json.loads((tmp_path / "adapted.json").read_text())) == {"recognizer", "detector"}


def test_a_stopped_run_goes_on_and_what_is_no_better_is_not_exported(
    pages: Path, tmp_path: Path
) -> None:
    arguments = ("finetune.recognizer", "--data", pages, "--output", tmp_path, "--peak", 1e-12)
    with start(*arguments, "--minutes", 3) as process:
        assert process.stdout is not None
        assert any(line.startswith("training for") for line in process.stdout)
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=SECONDS)
    assert process.returncode == 128 + signal.SIGTERM, output
    assert "the same command goes on" in output
    code, output = run(*arguments, "--minutes", 0.01)
    assert "this training goes on from step" in output
    assert code == 3, output
    assert not list(tmp_path.glob("*.onnx"))
    assert "did not make it better" in output
    code, output = run(*arguments, "--case-insensitive", "--minutes", 0.01)
    assert code == 2
    assert "give another --output" in output


def test_bad_data_is_a_sentence(tmp_path: Path) -> None:
    data = draw_pages(tmp_path / "data", 2)
    for path in data.glob("*.txt"):
        path.write_text("1,1,90,1,90,30,1,30\n")
    code, output = run("finetune.recognizer", "--data", data, "--output", tmp_path / "out")
    assert code == 2
    assert "the recognizer needs their text" in output
    assert "Traceback" not in output
