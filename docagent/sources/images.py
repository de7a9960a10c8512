"""Page images from image files and arrays: 8-bit grey or BGR, rotated as EXIF says, on white."""

from __future__ import annotations

import io
import struct
import warnings
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, ImageSequence

from docagent.errors import SourceError, SourceFault
from docagent.forking import ForkLock
from docagent.settings import Settings

Pixels = NDArray[np.uint8]

PILLOW_FORMATS = {"png": "PNG", "jpeg": "JPEG", "tiff": "TIFF", "webp": "WEBP", "bmp": "BMP"}
"""Kind of image file -> Pillow decoder. No other decoder is used."""

MAX_FRAMES = 10_000
"""Most pages of a TIFF that are counted, whatever number of them is read."""

# catch_warnings changes the state of the whole process, so only one thread may use it at a time.
_OPENING = ForkLock()

# Exceptions of Pillow's decoders on damaged files.
_DAMAGE = (
    OSError,
    ValueError,
    SyntaxError,
    struct.error,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    ZeroDivisionError,
    OverflowError,
    MemoryError,
)


class ImageFile:
    """Pages of one image file; each request for a page decodes it."""

    def __init__(self, data: bytes, kind: str, name: str, settings: Settings) -> None:
        """Check the page count and the size of the first page from the headers.

        kind: a key of PILLOW_FORMATS. name: used in errors. Raises SourceError.
        """
        self._data, self._kind, self._name, self._settings = data, kind, name, settings
        self.page_count = 1
        with self._open() as image:
            self.page_count = self._count_pages(image)
            self._check_size(image.size)

    def image(self, index: int, color: bool) -> Pixels:
        """Page ``index`` (from 0) as uint8: (H, W) grey or (H, W, 3) BGR. Raises SourceError."""
        with self._open() as image:
            try:
                self._seek(image, index)
                if not color:
                    image.draft("L", image.size)
                return image_to_pixels(image, color)
            except _DAMAGE as error:
                raise self._damaged(index, error) from error

    def dpi(self, index: int) -> float | None:
        """Dots per inch that the file states; None if it states none or one outside 30-2400."""
        with self._open() as image:
            try:
                self._seek(image, index)
                stated = float(image.info.get("dpi", (0, 0))[0])
            except _DAMAGE:
                return None
        return stated if 30 <= stated <= 2400 else None

    def _open(self) -> Image.Image:
        with _OPENING, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                return Image.open(io.BytesIO(self._data), formats=[PILLOW_FORMATS[self._kind]])
            except Image.DecompressionBombError:
                reason = f"it has more than the {self._settings.limits.max_pixels:,} pixels allowed"
                raise SourceError(self._name, f"{reason}; scale it down", "too_large") from None
            except _DAMAGE as error:
                reason = f"this {self._kind.upper()} file is damaged or cut short ({error})"
                raise SourceError(self._name, reason, "damaged") from error

    def _count_pages(self, image: Image.Image) -> int:
        """Number of frames of a TIFF; other kinds have one page (an animation its first frame)."""
        if self._kind != "tiff":
            return 1
        count = 0
        try:
            for _ in ImageSequence.Iterator(image):
                count += 1
                if count > MAX_FRAMES:
                    reason = f"it has more than the {MAX_FRAMES} pages allowed; split it"
                    raise SourceError(self._name, reason, "too_large")
            image.seek(0)
        except _DAMAGE as error:
            if count == 0:
                raise self._damaged(0, error) from error
            image.seek(0)
        return count

    def _seek(self, image: Image.Image, index: int) -> None:
        if index:
            image.seek(index)
        self._check_size(image.size)

    def _check_size(self, size: tuple[int, int]) -> None:
        problem = size_problem(size[0], size[1], self._settings)
        if problem:
            raise SourceError(self._name, problem.reason, problem.fault)

    def _damaged(self, index: int, error: BaseException) -> SourceError:
        page = f"page {index + 1} of " if self.page_count > 1 else ""
        reason = f"{page}this {self._kind.upper()} file is damaged or cut short ({error})"
        return SourceError(self._name, reason, "damaged")


class Problem(NamedTuple):
    """A fault of a source: its class for programs, and the reason in words."""

    fault: SourceFault
    reason: str


def size_problem(width: int, height: int, settings: Settings) -> Problem | None:
    """Why an image of this size (pixels) is refused; None if it is accepted."""
    if width * height > settings.limits.max_pixels:
        return Problem(
            "too_large",
            f"the image is {width} x {height} pixels, more than the "
            f"{settings.limits.max_pixels:,} allowed; scale it down or raise max_pixels",
        )
    if min(width, height) < settings.limits.min_side:
        return Problem(
            "too_small",
            f"the image is {width} x {height} pixels, too small to hold text; "
            f"each side must have at least {settings.limits.min_side}",
        )
    return None


def image_to_pixels(image: Image.Image, color: bool = False) -> Pixels:
    """Convert a Pillow image of any mode to uint8: (H, W) grey, or (H, W, 3) BGR with ``color``.

    The image is rotated by its EXIF orientation, transparent parts are put on white, and 16-bit and
    float values are scaled to 8 bits.
    """
    image = ImageOps.exif_transpose(image)
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        image = Image.fromarray(_to_8_bits(np.asarray(image)))
    elif image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    if color:
        return np.ascontiguousarray(np.asarray(image.convert("RGB"))[:, :, ::-1])
    if image.mode not in ("1", "L", "RGB", "RGBA"):
        image = image.convert("RGB")
    return np.array(image.convert("L"))


def array_to_pixels(array: NDArray[np.generic], color: bool = False) -> Pixels:
    """Convert an array to uint8: (H, W) grey, or (H, W, 3) BGR with ``color``.

    array: (H, W), (H, W, 3) BGR or (H, W, 4) BGRA; uint8, uint16, bool or float. Raises ValueError
    for any other shape.
    """
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)):
        raise ValueError(
            f"an array of shape {array.shape} is not a page image; give (H, W) grey, "
            "(H, W, 3) BGR or (H, W, 4) BGRA"
        )
    pixels = array.astype(np.uint8) * 255 if array.dtype == np.bool_ else _to_8_bits(array)
    if pixels.ndim == 3:
        order = [2, 1, 0] + [3] * (pixels.shape[2] - 3)
        return image_to_pixels(Image.fromarray(np.ascontiguousarray(pixels[:, :, order])), color)
    return image_to_pixels(Image.fromarray(pixels), color)


def _to_8_bits(array: NDArray[np.generic]) -> Pixels:
    """Scale to 0-255. The white level is taken to be the smallest usual one (1 for floats; that of
    8, 12 or 16 bits) that no value exceeds."""
    if array.dtype == np.uint8:
        return array  # type: ignore[return-value]
    levels = np.nan_to_num(array.astype(np.float32)).clip(0)
    peak = float(levels.max(initial=0))
    usual = (1.0, 255.0, 4095.0, 65535.0) if array.dtype.kind == "f" else (255.0, 4095.0, 65535.0)
    white = next((level for level in usual if peak <= level), peak)
    return (levels * (255.0 / white)).round().astype(np.uint8)
