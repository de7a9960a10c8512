"""Crops, probability maps and page turning: what goes in must come out at its place."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from docagent.ocr.detection.input_scaling import (
    MAX_VIEW_PIXELS,
    TARGET_TYPE_HEIGHT_PX,
    detection_view,
    resize_image,
    type_height,
)
from docagent.ocr.detection.probability_map import map_to_detections, order_corners, shrink_quad
from docagent.ocr.preprocess import apply_affine, flatten_lighting, rotate, rotate_right_angle
from docagent.ocr.recognition.crops import crop_to_input, cut_crop, quad_size, stack_inputs


def box(x: float, y: float, w: float, h: float, angle: float = 0.0) -> NDArray[np.float32]:
    """A line quad by its centre, size and lean in degrees."""
    return order_corners(cv2.boxPoints(((x, y), (w, h), angle)).astype(np.float32))


def bands(quads: list[NDArray[np.float32]], shape: tuple[int, int]) -> NDArray[np.float32]:
    """The map a trained detector gives: at half the page's size, spread by its outline."""
    page = np.zeros((shape[0] // 2, shape[1] // 2), np.uint8)
    for quad in quads:
        fixed = np.round(shrink_quad(quad) / 2 * 8 - 4).astype(np.int32)
        cv2.fillPoly(page, [fixed], 255, cv2.LINE_8, 3)
    return cv2.dilate(page, np.ones((2, 2), np.uint8)) / np.float32(255)


def iou(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    inter, _ = cv2.intersectConvexConvex(a, b)
    return inter / (cv2.contourArea(a) + cv2.contourArea(b) - inter)


@settings(max_examples=40, deadline=None)
@given(
    st.floats(60, 260),
    st.floats(18, 48),
    st.floats(-12, 12),
    st.floats(170, 230),
    st.floats(120, 180),
)
def test_a_line_grows_back_from_its_band(
    w: float, h: float, angle: float, x: float, y: float
) -> None:
    # A short band takes the lean of the page, and alone on a page it has none to take.
    quad = box(x, y, max(w, 4 * h), h, angle if w > 9 * h else 0.0)
    found = map_to_detections(bands([quad], (320, 400)), 2.0, 2.0)
    assert len(found) == 1
    assert iou(found[0].polygon, quad) > 0.65
    assert np.linalg.norm(found[0].polygon - quad, axis=1).max() < 0.5 * h + 4


def test_tight_lines_stay_apart() -> None:
    quads = [box(200, 60 + 20 * i, 300, 19) for i in range(8)]
    found = map_to_detections(bands(quads, (320, 400)), 2.0, 2.0)
    assert len(found) == 8
    for quad in quads:
        assert max(iou(quad, d.polygon) for d in found) > 0.75


def test_faint_and_tiny_blobs_are_no_lines() -> None:
    probabilities = np.zeros((160, 200), np.float32)
    probabilities[50:56, 20:90] = 0.45
    probabilities[100:101, 30:31] = 0.99
    assert map_to_detections(probabilities, 2.0, 2.0) == []


@pytest.mark.parametrize("angle", [0, 7, -15, 90])
def test_crop_is_upright_whatever_the_lean(angle: float) -> None:
    page = np.full((400, 400), 255, np.uint8)
    cv2.rectangle(page, (100, 180), (300, 220), 0, -1)
    cv2.rectangle(page, (100, 180), (140, 220), 128, -1)  # marks the left end
    matrix = cv2.getRotationMatrix2D((200, 200), -angle, 1.0)
    turned = cv2.warpAffine(page, matrix, (400, 400), borderValue=255)
    corners = np.float32([[100, 180], [300, 180], [300, 220], [100, 220]])
    crop = cut_crop(turned, apply_affine(corners, matrix.astype(np.float32)))
    assert crop.shape == (32, 160)
    assert abs(int(crop[16, 10]) - 128) < 12
    assert crop[16, 60:150].max() < 12


@pytest.mark.parametrize("quad", [np.zeros((4, 2)), np.full((4, 2), 1e4), box(-50, -50, 30, 10)])
def test_crop_outside_or_without_area_is_still_a_crop(quad: NDArray[np.float32]) -> None:
    crop = cut_crop(np.zeros((50, 60), np.uint8), quad.astype(np.float32))
    assert crop.shape[0] == 32 and crop.shape[1] >= 16 and crop.dtype == np.uint8


def test_inputs_are_stretched_and_their_right_edge_shows() -> None:
    grey = np.full((32, 40), 180, np.uint8)
    grey[10:20, 5:30] = 120
    ready = crop_to_input(grey)
    assert ready[0, 0] == pytest.approx(1.0, abs=0.01)
    assert ready[15, 10] == pytest.approx(-1.0, abs=0.05)
    batch = stack_inputs([ready, ready[:, :20]])
    assert batch.shape == (2, 1, 32, 40)
    assert (batch[1, 0, :, 20:] == 0).all()  # neither paper nor ink


@given(st.sampled_from([0, 90, 180, 270]), st.integers(1, 20), st.integers(1, 20))
def test_turns_add_up(degrees: int, h: int, w: int) -> None:
    image = np.arange(h * w, dtype=np.uint8).reshape(h, w)
    assert (
        rotate_right_angle(rotate_right_angle(image, degrees), (360 - degrees) % 360) == image
    ).all()
    assert (rotate_right_angle(image, 90)[:, -1] == image[0]).all()


@pytest.mark.parametrize("degrees", [5, -11, 3.5])
def test_rotation_can_be_undone_for_points(degrees: float) -> None:
    image = np.zeros((200, 300), np.uint8)
    cv2.circle(image, (70, 50), 4, 255, -1)
    turned, back = rotate(image, degrees)
    y, x = np.argwhere(turned > 200).mean(axis=0)
    assert apply_affine(np.float32([[x, y]]), back)[0] == pytest.approx([70, 50], abs=1.0)


def _type(size: float, shape: tuple[int, int] = (600, 800)) -> NDArray[np.uint8]:
    page = np.full(shape, 255, np.uint8)
    step = int(cv2.getTextSize("H", cv2.FONT_HERSHEY_SIMPLEX, size, 1)[0][1] * 2.5)
    for y in range(step, shape[0], step):
        cv2.putText(
            page,
            "Reading order and type",
            (20, y),
            cv2.FONT_HERSHEY_SIMPLEX,
            size,
            0,
            2,
            cv2.LINE_AA,
        )
    return page


def test_type_height_follows_the_type() -> None:
    small, large = type_height(_type(0.5)), type_height(_type(1.5))
    assert small and large and 2 < large / small < 3.7
    assert detection_view(_type(0.5)).scale == pytest.approx(
        (TARGET_TYPE_HEIGHT_PX / small,) * 2, rel=0.01
    )
    assert type_height(np.full((300, 300), 255, np.uint8)) is None


def test_large_pages_have_type_of_their_own_size() -> None:
    page = _type(1.0, (1200, 1200))
    small, large = type_height(page), type_height(resize_image(page, 3600, 3600))
    assert small and large and large == pytest.approx(3 * small, rel=0.15)


@settings(max_examples=20, deadline=None)
@given(
    st.integers(0, 400), st.integers(0, 400), st.integers(0, 300), st.sampled_from([0.5, 0.8, 1.6])
)
def test_the_view_is_of_the_ink(left: int, top: int, below: int, size: float) -> None:
    printed = _type(size)
    page = np.pad(printed, ((top, below), (left, 100)), constant_values=255)
    page[5, 5] = 0  # a speck is no reason to look there
    view = detection_view(page)
    ink_y, ink_x = (edges.nonzero()[0] for edges in ((printed < 80).any(1), (printed < 80).any(0)))
    first = np.float32([left + ink_x[0], top + ink_y[0]])
    last = np.float32([left + ink_x[-1], top + ink_y[-1]])
    seen = view.from_page(np.stack([first, last]))
    assert (seen >= 0).all() and (seen <= view.image.shape[::-1]).all()
    assert view.to_page(seen) == pytest.approx(np.stack([first, last]), abs=0.01)
    assert view.image.size <= 1.01 * MAX_VIEW_PIXELS
    y = round(float(seen[0, 1]))
    assert view.image[max(0, y - 3) : y + 6].min() < 128  # the first row of ink is where it says


def test_a_page_without_type_is_seen_whole() -> None:
    blank = np.full((400, 300), 255, np.uint8)
    assert detection_view(blank).image.shape == (400, 300)
    assert detection_view(np.full((9000, 9000), 200, np.uint8)).image.size <= 1.01 * MAX_VIEW_PIXELS


@pytest.mark.parametrize("shape", [(33, 50), (64, 64), (301, 77), (1000, 750)])
@pytest.mark.parametrize("factor", [0.1, 0.3, 0.5, 0.9, 1.0, 2.3])
def test_resizing_keeps_what_is_seen(shape: tuple[int, int], factor: float) -> None:
    ramp = np.linspace(0, 255, shape[1]).astype(np.uint8)[None].repeat(shape[0], 0)
    size = max(4, round(shape[1] * factor)), max(4, round(shape[0] * factor))
    small = resize_image(ramp, *size)
    assert small.shape == size[::-1] and small.dtype == np.uint8
    wanted = np.interp((np.arange(size[0]) + 0.5) / size[0], [0, 1], [0, 255])
    assert np.abs(small.mean(axis=0) - wanted).max() < 255 * (1.5 / size[0] + 3 / shape[1]) + 1


def test_shadow_is_evened_out_and_even_light_left_alone() -> None:
    page = _type(1.0)
    assert flatten_lighting(page) is page
    shade = np.linspace(1.0, 0.35, page.shape[1])
    evened = flatten_lighting((page * shade).astype(np.uint8))
    paper = np.percentile(evened[:, 40:-40], 90, axis=0)
    assert paper.min() > 0.75 * paper.max()


def test_quad_size() -> None:
    assert quad_size(box(50, 50, 40, 10, 20)) == pytest.approx((40, 10), abs=0.01)
