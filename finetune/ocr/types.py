"""What detector and recognizer learn from, as plain arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LineSample = tuple[NDArray[np.uint8], str]
"""A grey crop (32, width) of a line, and its text."""
PageSample = tuple[NDArray[np.uint8], NDArray[np.float32]]
"""A grey page (h, w), and the quads (n, 4, 2) of its lines in pixels, clockwise from top-left."""
