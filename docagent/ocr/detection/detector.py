"""Text detection with a small CNN: from a page image to line quads by a probability map."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from docagent.models import Network
from docagent.ocr.detection.probability_map import MAP_STRIDE_PX, map_to_detections
from docagent.ocr.grey_levels import grey_levels, map_levels
from docagent.ocr.types import Detection, Image
from docagent.usage import stage

MIN_LINE_HEIGHT_PX = 5.0
"""Height in page pixels below which a detection is dropped: such lines cannot be read, and most are
specks."""


def page_to_input(image: Image) -> NDArray[np.float32]:
    """Convert grey levels to floats: paper near 1, black near -1, same shape."""
    white = max(grey_levels(image[::4, ::4], 80)[0], 60.0)
    return map_levels(image, 2.0 / white, -1.0, -1.0, 1.3)


class TextDetector:
    """Runs the detector's ONNX model.

    weights: the ONNX file. threads: of one inference. Raises ModelError if the weights cannot be
    used.
    """

    def __init__(self, weights: Path, threads: int = 1) -> None:
        self._network = Network(weights, threads)

    @stage("detect.network")
    def probability_map(self, image: Image) -> NDArray[np.float32]:
        """Probability (0-1) that a pixel lies in the band of a text line; half the image's size."""
        height, width = image.shape
        rows, columns = -(-height // 32) * 32, -(-width // 32) * 32
        padded = np.ones((1, 1, rows, columns), np.float32)
        padded[0, 0, :height, :width] = page_to_input(image)
        result = self._network.run({"pages": padded})[0]
        return result[0, 0, : (height + 1) // 2, : (width + 1) // 2]

    @stage("detect", len)
    def detect(self, image: Image, min_height: float = MIN_LINE_HEIGHT_PX) -> list[Detection]:
        """Detect text lines in a grey image (height, width), in pixels.

        min_height: pixels below which a line is dropped.
        """
        probabilities = self.probability_map(image)
        return map_to_detections(probabilities, MAP_STRIDE_PX, MAP_STRIDE_PX, min_height=min_height)
