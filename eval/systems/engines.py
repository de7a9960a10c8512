"""OCR engines behind one call: ``read(path)`` gives lines of words with boxes in pixels.

Engines: ``docagent``; ``fused`` and ``auto`` (docagent with those beside it, as
``Settings.engine`` has it); ``tesseract`` (command line, psm 3); ``tesseract-3x`` (page enlarged);
``rapidocr`` (as installed, native word boxes); ``rapidocr-2x`` (page enlarged, angle
classifier off). All run one thread. Coordinates are those of the file as stored.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol, cast

import docagent
from docagent.document import Document, Line, Page
from docagent.errors import MissingExtraError, SettingsError
from docagent.geometry import BBox, Point, polygon_to_bbox, union_bbox
from docagent.ocr.engines import boxed_words
from docagent.ocr.engines.registry import check_engine
from docagent.settings import EngineName, Settings
from eval.metrics.matching import TextBox

MB = 1_000_000
LARGEST_SIDE = 4000
DETECTOR_AND_RECOGNIZER = ("detector.onnx", "recognizer.onnx")
OWN_WEIGHTS = (*DETECTOR_AND_RECOGNIZER, "language_model.bin")
"""What docagent loads to read a page. The reader that finds fields is no part of OCR."""
RAPID_NETWORKS = ("*_det_*.onnx", "*_rec_*.onnx")
THREAD_LIMITS = {
    "OMP_THREAD_LIMIT": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "OPENCV_FOR_THREADS_NUM": "1",
    "DOCAGENT_THREADS": "1",
}


@dataclass(frozen=True)
class ReadLine:
    """A line an engine read: its words in order."""

    words: tuple[TextBox, ...]

    @property
    def text(self) -> str:
        """Words joined by one space."""
        return " ".join(word.text for word in self.words)

    @property
    def box(self) -> BBox:
        """Around all words. Raises ValueError for a line without words."""
        return union_bbox(word.box for word in self.words)


class Engine(Protocol):
    """An OCR engine. ``weights_mb``: size of the model files it loads, in 10^6 bytes."""

    name: str
    weights_mb: float

    def read(self, path: Path) -> list[ReadLine]:
        """Lines of an image file, boxes in pixels of the stored image."""
        ...


class DocAgentEngine:
    """This project, through its public door, with one of its own engines: alone (``docagent``),
    fused with what else is installed, or picked for each page."""

    def __init__(self, engine: EngineName = "docagent") -> None:
        # Loaded here, so that other engines' processes do not carry its memory.
        from docagent import DocAgent

        self.name = engine
        self._agent = DocAgent
        self._settings = Settings.from_env().replace(engine=engine)
        self.weights_mb = _own_weights_mb(OWN_WEIGHTS)
        if engine in ("fused", "auto"):
            self.weights_mb += _other_weights_mb(engine)

    def read(self, path: Path) -> list[ReadLine]:
        """Lines of the first page. A page that could not be read gives none, said on stderr."""
        # A new agent each time: one agent remembers what it read. Models load once a process.
        document = self._agent(settings=self._settings).read(path)
        if document.pages[0].error:
            print(f"{path}: {document.pages[0].error}", file=sys.stderr)
        return document_to_lines(document, image_size(path))


def weights_dir() -> Path:
    """Where docagent's weights are: DOCAGENT_WEIGHTS_DIR or those it ships."""
    given = Settings.from_env().weights_dir
    return given or Path(docagent.__file__).parent / "weights"


class TesseractEngine:
    """Tesseract 5 as a command; the page can be enlarged first."""

    def __init__(self, scale: int = 1) -> None:
        self.command = shutil.which("tesseract")
        if self.command is None:
            raise SettingsError("no tesseract command on PATH; install tesseract-ocr with eng data")
        self.scale = scale
        self.name = "tesseract" if scale == 1 else f"tesseract-{scale}x"
        self.weights_mb = _tesseract_data_mb(self.command)

    def read(self, path: Path) -> list[ReadLine]:
        """Runs ``tesseract FILE - --psm 3 tsv``."""
        scale = enlargement(image_size(path), self.scale)
        if scale == 1:
            return tsv_to_lines(self.run(path, 3, "tsv"), 1.0)
        with tempfile.TemporaryDirectory() as folder:
            larger = Path(folder) / "page.png"
            _enlarged(path, scale).save(larger)
            return tsv_to_lines(self.run(larger, 3, "tsv"), 1 / scale)

    def run(self, path: Path, psm: int, *configs: str) -> str:
        """Standard output of the command. Raises CalledProcessError if it fails."""
        assert self.command is not None
        command = [self.command, str(path), "-", "--psm", str(psm), *configs]
        env = {**os.environ, **THREAD_LIMITS}
        done = subprocess.run(command, capture_output=True, env=env, check=True)
        return done.stdout.decode("utf-8", "replace")


class RapidOcrEngine:
    """RapidOCR 3 (PP-OCR on ONNX Runtime) with its own word boxes."""

    def __init__(self, scale: int = 1, classify_angle: bool = True) -> None:
        import rapidocr

        self.scale = scale
        self.name = "rapidocr" if scale == 1 else f"rapidocr-{scale}x"
        self.engine: Any = rapidocr.RapidOCR(
            params={
                "Global.log_level": "critical",
                "Global.return_word_box": True,
                "Global.use_cls": classify_angle,
                # Pages are scaled down to this side; an enlarged page must not be.
                "Global.max_side_len": 2000 * scale,
                "EngineConfig.onnxruntime.intra_op_num_threads": 1,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            }
        )
        self.weights_mb = _rapid_models_mb()

    def read(self, path: Path) -> list[ReadLine]:
        """Lines of the page; a page without text gives none."""
        import numpy as np

        scale = enlargement(image_size(path), self.scale)
        image = np.asarray(_enlarged(path, scale))[:, :, ::-1]
        result = self.engine(np.ascontiguousarray(image))
        if result.txts is None or result.boxes is None:
            return []
        pieces = result.word_results or ()
        aligned = len(pieces) == len(result.txts)
        lines = [
            rapid_line(text, score, box, pieces[i] if aligned else (), 1 / scale)
            for i, (text, score, box) in enumerate(
                zip(result.txts, result.scores, result.boxes, strict=True)
            )
        ]
        return [line for line in lines if line.words]


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
    try:
        # The variants, such as rapidocr-2x, need what the plain engine needs.
        check_engine(cast(EngineName, name.partition("-")[0]))
    except (SettingsError, MissingExtraError) as error:
        raise SettingsError(f"{error}; or leave {name} out") from error


def load_engine(name: str) -> Engine:
    """The engine of that name, its models loaded. Raises SettingsError for an unknown one, and for
    one that is not installed."""
    check_installed(name)
    return ENGINES[name]()


def document_to_lines(document: Document, size: tuple[int, int]) -> list[ReadLine]:
    """Lines of the first page in pixels of an image of ``size`` (width, height) as stored.

    Page polygons are relative to the upright page; they are turned back by its rotation.
    """
    page = document.pages[0]
    return [_page_line(line, page, size) for line in page.lines if line.words]


def _page_line(line: Line, page: Page, size: tuple[int, int]) -> ReadLine:
    width, height = size

    def box(polygon: Sequence[Point]) -> BBox:
        stored = [upright_to_stored(point, page.rotation) for point in polygon]
        return polygon_to_bbox([(x * width, y * height) for x, y in stored])

    words = [TextBox(word.text, box(word.polygon), word.confidence) for word in line.words]
    return ReadLine(tuple(words))


def upright_to_stored(point: Point, rotation: int) -> Point:
    """A relative point of the upright page on the image before it was turned clockwise."""
    x, y = point
    return {0: (x, y), 90: (y, 1 - x), 180: (1 - x, 1 - y), 270: (1 - y, x)}[rotation]


def tsv_to_lines(tsv: str, scale: float) -> list[ReadLine]:
    """Lines of Tesseract's TSV; boxes are multiplied by ``scale``, confidences made 0-1."""
    return [_read_line(line, 1.0) for line in boxed_words.tsv_to_lines(tsv, scale)]


def rapid_line(
    text: str,
    score: float,
    box: Sequence[Sequence[float]],
    pieces: Sequence[boxed_words.Piece],
    scale: float,
) -> ReadLine:
    """A line of RapidOCR (see ``line_to_words``); boxes are multiplied by ``scale``."""
    return _read_line(boxed_words.line_to_words(text, score, box, pieces), scale)


def _read_line(words: Sequence[boxed_words.BoxedWord], scale: float) -> ReadLine:
    return ReadLine(tuple(TextBox(w.text, _scaled(w.box, scale), w.confidence) for w in words))


def _scaled(box: BBox, scale: float) -> BBox:
    x0, y0, x1, y1 = box
    return (x0 * scale, y0 * scale, x1 * scale, y1 * scale)


def enlargement(size: tuple[int, int], wanted: int) -> float:
    """How far a page of ``size`` pixels is enlarged: ``wanted`` times, but not past
    LARGEST_SIDE; 1 for a page that is already that large (receipts scanned at 600 dpi)."""
    return min(float(wanted), max(1.0, LARGEST_SIDE / max(size)))


def _enlarged(path: Path, scale: float) -> Any:
    from PIL import Image

    with Image.open(path) as image:
        rgb = image.convert("RGB")
    size = (round(rgb.width * scale), round(rgb.height * scale))
    return rgb if scale == 1 else rgb.resize(size, Image.Resampling.BICUBIC)


def image_size(path: Path) -> tuple[int, int]:
    """Width and height in pixels of an image file, as stored."""
    from PIL import Image

    with Image.open(path) as image:
        return image.size


def folder_mb(folder: Path, pattern: str) -> float:
    """Size of the files that match, in 10^6 bytes."""
    return sum(path.stat().st_size for path in folder.glob(pattern) if path.is_file()) / MB


def networks_mb(name: str) -> float:
    """Size of the detectors and recognizers among an engine's weights, in 10^6 bytes. Tesseract's
    are one file with its dictionaries. Raises SettingsError for an unknown engine."""
    check_known(name)
    own = _own_weights_mb(DETECTOR_AND_RECOGNIZER)
    if name in ("docagent", "fused", "auto"):
        return own + (_other_weights_mb(name, RAPID_NETWORKS) if name != "docagent" else 0.0)
    return _rapid_models_mb(RAPID_NETWORKS) if name.startswith("rapidocr") else _tesseract_mb()


def _own_weights_mb(names: Sequence[str]) -> float:
    """Of docagent's own files; the language model is always the one that ships."""
    folders = (weights_dir(), Path(docagent.__file__).parent / "weights")
    found = [next((f / n for f in folders if (f / n).is_file()), None) for n in names]
    return sum(path.stat().st_size for path in found if path is not None) / MB


def _other_weights_mb(name: str, rapid: Sequence[str] = ("*.onnx",)) -> float:
    """Of the engines beside docagent's own: of all for ``fused``, of the one that ``auto`` asks."""
    if name == "auto":
        return _rapid_models_mb(rapid) or _tesseract_mb()
    return _rapid_models_mb(rapid) + _tesseract_mb()


def _rapid_models_mb(patterns: Sequence[str] = ("*.onnx",)) -> float:
    found = find_spec("rapidocr")
    if found is None or found.origin is None:
        return 0.0
    return sum(folder_mb(Path(found.origin).parent / "models", pattern) for pattern in patterns)


def _tesseract_mb() -> float:
    command = shutil.which("tesseract")
    return _tesseract_data_mb(command) if command else 0.0


def _tesseract_data_mb(command: str) -> float:
    listed = subprocess.run([command, "--list-langs"], capture_output=True, text=True, check=True)
    first = (listed.stdout or listed.stderr).splitlines()[0]
    folder = first.split('"')[1] if '"' in first else ""
    return folder_mb(Path(folder), "eng.traineddata") if folder else 0.0
