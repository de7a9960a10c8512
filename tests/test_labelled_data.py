"""Labelled folders of every format, and what is wrong with them said by file and line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from docagent.errors import SettingsError, SourceError
from finetune.ocr.adaptation.crops_and_pages import (
    Skipped,
    are_words,
    join_words,
    read_crops,
    read_pages,
    widen_quad,
)
from finetune.ocr.labelled_data import crop_to_page, fold_label, load_labelled, split_pages

SQUARE = [[10, 10], [90, 10], [90, 30], [10, 30]]
LINE = "10,10,90,10,90,30,10,30,"


def draw(path: Path, width: int = 120, height: int = 60) -> None:
    """A picture with a word in the box that the labels above name."""
    image = np.full((height, width), 255, np.uint8)
    cv2.putText(image, "Total", (12, 27), cv2.FONT_HERSHEY_SIMPLEX, 0.6, 0, 1)
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), image)


def doctr(folder: Path, labels: Any, images: tuple[str, ...] = ("a.png", "b.png")) -> Path:
    for name in images:
        draw(folder / "images" / name)
    text = labels if isinstance(labels, str) else json.dumps(labels)
    (folder / "labels.json").write_text(text, "utf-8")
    return folder


def icdar(folder: Path, lines: str, labels: str = "a.txt", image: str = "a.png") -> Path:
    draw(folder / image)
    (folder / labels).parent.mkdir(parents=True, exist_ok=True)
    (folder / labels).write_bytes(lines.encode("utf-8"))
    return folder


def test_doctr_recognition(tmp_path: Path) -> None:
    data = load_labelled(doctr(tmp_path, {"a.png": "Total", "b.png": "9,00"}))
    assert data.kind == "docTR recognition"
    assert not data.has_boxes
    assert [image.lines[0].text for image in data.images] == ["Total", "9,00"]
    (crop, text), _ = read_crops(data.images, 1.0, Skipped())
    assert crop.shape == (32, 64)
    assert text == "Total"


@pytest.mark.parametrize("polygons", [[SQUARE], {"words": [SQUARE]}])
def test_doctr_detection(tmp_path: Path, polygons: Any) -> None:
    entry = {"img_dimensions": [120, 60], "img_hash": "0", "polygons": polygons}
    data = load_labelled(doctr(tmp_path, {"a.png": entry}))
    assert data.kind == "docTR detection"
    assert data.has_boxes
    assert not data.has_texts
    np.testing.assert_array_equal(data.images[0].lines[0].quad, SQUARE)


@pytest.mark.parametrize(
    ("labels", "image"),
    [
        ("a.txt", "a.png"),
        ("gt_a.txt", "a.png"),
        ("a.csv", "a.jpg"),
        ("box/a.csv", "img/a.jpg"),
        ("gt/gt_a.txt", "images/a.png"),
    ],
)
def test_boxes_with_text(tmp_path: Path, labels: str, image: str) -> None:
    folder = icdar(tmp_path, f"\ufeff{LINE}Total, net\r\n\r\n{LINE}###\r\n", labels, image)
    first, second = load_labelled(folder).images[0].lines
    assert first.text == "Total, net"
    assert first.readable
    assert not second.readable
    np.testing.assert_array_equal(first.quad, SQUARE)


def test_boxes_without_text_do_for_the_detector(tmp_path: Path) -> None:
    data = load_labelled(icdar(tmp_path, LINE[:-1] + "\n"))
    assert data.has_boxes
    assert not data.has_texts


@pytest.mark.parametrize(
    "lines",
    [
        '10, 10, 90, 30, "Total, net"\r\n10, 40, 60, 55, "###"\r\n',
        '10 10 90 30 "Total, net"\n10 40 60 55 "###"\n',
        '10,10,90,30,"Total, net"\n10,40,60,55,"###"',
    ],
)
def test_upright_boxes_of_icdar_2013(tmp_path: Path, lines: str) -> None:
    data = load_labelled(icdar(tmp_path, lines, "gt_a.txt", "a.jpg"))
    first, second = data.images[0].lines
    assert first.text == "Total, net"
    np.testing.assert_array_equal(first.quad, SQUARE)
    assert not second.readable
    assert data.warnings == ()


def test_upright_boxes_may_hold_quotes_of_their_own(tmp_path: Path) -> None:
    lines = '10 10 90 30 "\\"Total\\""\n10 10 90 30 """\n'
    first, second = load_labelled(icdar(tmp_path, lines)).images[0].lines
    assert (first.text, second.text) == ('"Total"', '"')


def test_scripts_of_mlt_are_no_text(tmp_path: Path) -> None:
    icdar(tmp_path, f"{LINE}Latin,Total, net\n{LINE}Symbols,%\n{LINE}None,###\n")
    icdar(tmp_path, f"{LINE}Latin,due\n", "gt_b.txt", "b.png")
    data = load_labelled(tmp_path)
    lines = [line for image in data.images for line in image.lines]
    assert [line.text for line in lines] == ["Total, net", "%", None, "due"]
    assert [line.readable for line in lines] == [True, True, False, True]
    assert "name of a script" in data.warnings[0]


def test_a_text_that_begins_like_a_script_is_kept(tmp_path: Path) -> None:
    icdar(tmp_path, f"{LINE}Latin,Greek and Law\n{LINE}Total\n")
    data = load_labelled(tmp_path)
    assert data.images[0].lines[0].text == "Latin,Greek and Law"
    assert data.warnings == ()


def test_quotes_around_every_text_are_no_text(tmp_path: Path) -> None:
    data = load_labelled(icdar(tmp_path, f'{LINE}"Total"\n{LINE}###\n{LINE}"12 ""\n'))
    assert [line.text for line in data.images[0].lines] == ["Total", None, '12 "']
    assert "quotes" in data.warnings[0]
    some = load_labelled(icdar(tmp_path / "some", f'{LINE}"Total"\n{LINE}due\n'))
    assert [line.text for line in some.images[0].lines] == ['"Total"', "due"]
    assert some.warnings == ()


def test_crops_with_a_list_of_icdar_2015(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        draw(tmp_path / f"word_{number}.png", 64, 32)
    lines = (
        'word_1.png, "Total"\r\nword_2.png, "\\"A, B\\""\r\nword_3.png, "###"\r\nword_4.png, "x"'
    )
    (tmp_path / "gt.txt").write_text(f"\ufeff{lines}", "utf-8")
    (tmp_path / "coords.txt").write_text("word_1.png, 1,2,3,4,5,6,7,8\n")
    data = load_labelled(tmp_path)
    assert not data.has_boxes and data.has_texts
    assert [image.lines[0].text for image in data.images] == ["Total", '"A, B"', None]
    assert not data.images[2].lines[0].readable
    assert len({image.page for image in data.images}) == 3
    assert data.warnings[0].startswith("skipped 1 labelled images that are not in")
    assert [text for _, text in read_crops(data.images, 1.0, Skipped())] == ["Total", '"A, B"']


def test_a_bad_line_of_a_list_is_named(tmp_path: Path) -> None:
    draw(tmp_path / "word_1.png")
    (tmp_path / "gt.txt").write_text('word_1.png, "Total"\nno label here\n')
    with pytest.raises(SourceError, match=r"gt\.txt: line 2 is 'no label here'"):
        load_labelled(tmp_path)


def test_doctr_pages_with_words(tmp_path: Path) -> None:
    words = [
        {"value": "Total", "geometry": [10, 10, 90, 30]},
        {"value": "due", "geometry": SQUARE},
    ]
    data = load_labelled(
        doctr(tmp_path, {"a.png": {"typed_words": words}, "b.png": {"typed_words": []}})
    )
    assert data.kind == "docTR pages with words"
    assert data.has_boxes and data.has_texts
    assert [line.text for line in data.images[0].lines] == ["Total", "due"]
    for line in data.images[0].lines:
        np.testing.assert_array_equal(line.quad, SQUARE)


def test_other_files_of_the_name_are_no_labels(tmp_path: Path) -> None:
    icdar(tmp_path, f"{LINE}Total\n", "box/a.csv", "img/a.png")
    (tmp_path / "key").mkdir()
    (tmp_path / "key" / "a.txt").write_text('{"total": "9.00"}', "utf-8")
    assert load_labelled(tmp_path).images[0].lines[0].text == "Total"


def test_corners_that_run_the_other_way_are_put_in_order(tmp_path: Path) -> None:
    data = load_labelled(icdar(tmp_path, "10,10,10,30,90,30,90,10,Total"))
    np.testing.assert_array_equal(data.images[0].lines[0].quad, SQUARE)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ('{"a.png": "x",\n"b.png" "y"}', "labels.json: line 2: not JSON"),
        ("[]", "labels.json: not an object"),
        ({"a.png": "x", "b.png": {"polygons": []}}, "keep crops and pages apart"),
        ({"a.png": {"boxes": []}}, "'a.png': no list \"polygons\""),
        ({"a.png": {"polygons": {"words": 3}}}, "'a.png': no list \"polygons\""),
        ({"a.png": {"polygons": [[1, 2, 3, 4]]}}, "polygon 0 is .*four points"),
        ({"a.png": {"polygons": [SQUARE, [["a", 1]] * 4]}}, "polygon 1 is .*four points"),
        ({"a.png": {"polygons": [[[1, 1], [2, 1], [2, float("nan")], [1, 2]]]}}, "polygon 0"),
        ({"a.png": {"polygons": [[[0.1, 0], [1, 0], [1, 0.5], [0.1, 0.5]]]}}, "in pixels"),
        ({"a.png": {"typed_words": [{"value": "x"}]}}, "'a.png': \"typed_words\" is a list"),
        ({"a.png": {"typed_words": [{"value": "x", "geometry": [1, 2]}]}}, "polygon 0 is .*four"),
        ({"gone.png": "x"}, "no labelled image was found"),
    ],
)
def test_bad_doctr_labels(tmp_path: Path, labels: Any, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        load_labelled(doctr(tmp_path, labels))


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (f"{LINE}Total\nTotal 9.00\n", "line 2 is 'Total 9.00'; allowed are x1,y1"),
        ("1,2,3,4,Total\n", "line 1"),
        ("1,2,3,4,5,6,7,inf,Total\n", "line 1"),
    ],
)
def test_bad_boxes(tmp_path: Path, lines: str, message: str) -> None:
    with pytest.raises(SourceError, match=rf"a\.txt: {message}"):
        load_labelled(icdar(tmp_path, lines))


def test_labels_in_another_encoding_are_named(tmp_path: Path) -> None:
    icdar(tmp_path, "")
    (tmp_path / "a.txt").write_bytes(f"{LINE}Stück".encode("latin-1"))
    with pytest.raises(SourceError, match="not UTF-8"):
        load_labelled(tmp_path)


def test_two_labels_or_images_of_a_name_are_refused(tmp_path: Path) -> None:
    icdar(tmp_path / "one", f"{LINE}x\n")
    (tmp_path / "one" / "a.csv").write_text(f"{LINE}y\n")
    with pytest.raises(SourceError, match="keep one"):
        load_labelled(tmp_path / "one")
    icdar(tmp_path / "two", f"{LINE}x\n", "train/a.txt", "train/a.png")
    draw(tmp_path / "two" / "test" / "a.png")
    with pytest.raises(SourceError, match="same name"):
        load_labelled(tmp_path / "two")


@pytest.mark.parametrize("make", ["missing", "empty"])
def test_folder_without_data(tmp_path: Path, make: str) -> None:
    folder = tmp_path / make
    if make == "empty":
        folder.mkdir()
    with pytest.raises(SourceError, match=r"labels\.json"):
        load_labelled(folder)


def test_what_was_left_out_is_counted(tmp_path: Path) -> None:
    labels = {"a.png": "Total", "b.png": "€ \u4e2d", "c.png": "x", "d.png": "y"}
    doctr(tmp_path, labels)
    (tmp_path / "images" / "c.png").write_bytes(b"\x89PNG no picture")
    data = load_labelled(tmp_path)
    assert "skipped 1 labelled images that are not in" in data.warnings[0]
    skipped = Skipped()
    assert [text for _, text in read_crops(data.images, 1.0, skipped)] == ["Total"]
    charset, broken = sorted(skipped.sentences())
    assert charset.startswith("skipped 1 images that cannot be read")
    assert broken.startswith("skipped 1 labels that are empty or have a character outside")


def test_boxes_without_area_or_outside_are_left_out(tmp_path: Path) -> None:
    lines = f"{LINE}a\n10,10,10,10,10,10,10,10,b\n500,10,590,10,590,30,500,30,c\n"
    data = load_labelled(icdar(tmp_path, lines))
    assert data.warnings == ("skipped 1 boxes without area",)
    skipped = Skipped()
    assert [text for _, text in read_crops(data.images, 1.0, skipped)] == ["a"]
    assert len(skipped.sentences()) == 1


@pytest.mark.parametrize(
    ("label", "folded"),
    [
        ("a  b\u00a0c ", "a b c"),
        ("“It’s”—…", '"It\'s"-...'),
        ("e\u0301", "é"),
        ("\u4e2d", None),
        ("9.00 \u2603", None),
        ("  ", None),
    ],
)
def test_fold_label(label: str, folded: str | None) -> None:
    assert fold_label(label) == folded


@pytest.mark.parametrize(
    ("name", "page"),
    [
        ("scan7_03.png", "scan7"),
        ("scan7-word-3.png", "scan7"),
        ("a/b/003.png", "a/b"),
        ("003.png", "003"),
        ("total.png", "total"),
    ],
)
def test_crop_to_page(name: str, page: str) -> None:
    assert crop_to_page(name) == page


def test_crops_of_a_page_stay_together(tmp_path: Path) -> None:
    names = tuple(f"page{page}_{line}.png" for page in range(10) for line in range(4))
    images = load_labelled(doctr(tmp_path, dict.fromkeys(names, "x"), names)).images
    train, held = split_pages(images, 0.2)
    assert (len(train), len(held)) == (32, 8)
    assert not {i.page for i in train} & {i.page for i in held}
    assert split_pages(images[::-1], 0.2)[1] == held[::-1]


def test_names_that_tell_no_page_are_warned_of(tmp_path: Path) -> None:
    names = ("img_1.png", "img_2.png", "img_3.png")
    data = load_labelled(doctr(tmp_path, dict.fromkeys(names, "x"), names))
    assert "do not say which page" in data.warnings[0]
    assert len({image.page for image in data.images}) == 3


def test_one_page_cannot_be_split(tmp_path: Path) -> None:
    images = load_labelled(icdar(tmp_path, f"{LINE}Total")).images
    with pytest.raises(SettingsError, match="--held-out"):
        split_pages(images, 0.2)
    with pytest.raises(SettingsError, match="fraction"):
        split_pages(images, 1.5)


def test_pages_are_sized_as_the_detector_sees_them(tmp_path: Path) -> None:
    lines = f"{LINE}Total\n10,40,60,40,60,55,10,55,###\n"
    data = load_labelled(icdar(tmp_path, lines))
    cv2.rectangle(page := cv2.imread(str(tmp_path / "a.png")), (10, 40), (60, 55), (0, 0, 0), -1)
    cv2.imwrite(str(tmp_path / "a.png"), page)
    ((image, quads),) = read_pages(data.images, False, Skipped())
    scale = image.shape[1] / 120
    np.testing.assert_allclose(quads, np.array([SQUARE], np.float32) * scale, rtol=0.02)
    unreadable = image[int(44 * scale) : int(52 * scale), int(15 * scale) : int(55 * scale)]
    assert unreadable.min() > 200, "what is unreadable is painted over"


def box(x: float, y: float, width: float, height: float = 10) -> np.ndarray:
    return np.array([[x, y], [x + width, y], [x + width, y + height], [x, y + height]], np.float32)


def test_words_are_joined_to_lines() -> None:
    words = [box(34, 1, 30), box(0, 0, 30), box(100, 0, 20), box(0, 14, 30), box(66, 0, 5, 30)]
    lines = join_words(words)
    corners = sorted((*line.min(axis=0), *line.max(axis=0)) for line in lines)
    np.testing.assert_allclose(
        corners, [(0, 0, 64, 11), (0, 14, 30, 24), (66, 0, 71, 30), (100, 0, 120, 10)], atol=0.01
    )


def test_boxes_tell_whether_they_are_of_words(tmp_path: Path) -> None:
    assert are_words(load_labelled(icdar(tmp_path / "w", f"{LINE}Total\n{LINE}9.00")).images)
    assert not are_words(load_labelled(icdar(tmp_path / "l", f"{LINE}Total due")).images)
    assert are_words(load_labelled(icdar(tmp_path / "n", LINE[:-1])).images)


def test_widened_box() -> None:
    np.testing.assert_allclose(widen_quad(box(10, 10, 20), 2), box(8, 8, 24, 14), atol=1e-5)
