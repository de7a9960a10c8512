"""RapidOCR 3 as one of the engines that are compared."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from docagent.ocr.engines import boxed_words
from eval.systems.line_readings import (
    ReadLine,
    enlarged_page,
    enlargement,
    image_size,
    words_to_line,
)
from eval.systems.weights import rapid_models_mb


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
        self.weights_mb = rapid_models_mb()

    def read(self, path: Path) -> list[ReadLine]:
        """Lines of the page; a page without text gives none."""
        import numpy as np

        scale = enlargement(image_size(path), self.scale)
        image = np.asarray(enlarged_page(path, scale))[:, :, ::-1]
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


def rapid_line(
    text: str,
    score: float,
    box: Sequence[Sequence[float]],
    pieces: Sequence[boxed_words.Piece],
    scale: float,
) -> ReadLine:
    """A line of RapidOCR (see ``line_to_words``); boxes are multiplied by ``scale``."""
    return words_to_line(boxed_words.line_to_words(text, score, box, pieces), scale)
