"""Prompts: found when installed, sandboxed, hashed, fenced, laid out as on the page."""

from __future__ import annotations

import base64
import io
import tomllib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from docagent.document import Document, Line, Page, Word
from docagent.errors import SettingsError
from docagent.geometry import bbox_to_polygon
from docagent.layout.lines_with_ids import defuse, fence, lay_out, number_lines, split_lines
from docagent.vlm.prompts.messages import build_messages
from docagent.vlm.prompts.pictures import Crop, crop_areas, crop_url, page_url
from docagent.vlm.prompts.templates import load_template, template_names
from tests.documents import document_of, documents

VALUES = {
    "agent": {"question": "Who?", "earlier": [], "pages": 3, "schemas": "invoice"},
    "ask": {"question": "Who?", "complaints": []},
    "chat": {"question": "Who?", "earlier": [], "complaints": []},
    "classify": {"kinds": [{"name": "invoice", "meaning": ""}], "complaints": []},
    "correct": {"wanted": "L1, L2", "complaints": ["L1: it is missing"]},
    "extract": {"title": "Bill", "fields": [], "wanted": "total", "complaints": []},
    "summarise": {"sentences": 3, "complaints": []},
}


def grey_page() -> np.ndarray:
    return np.tile(np.arange(256, dtype=np.uint8), (1400, 4))[:, :1000]


def picture(url: str) -> Image.Image:
    head, _, data = url.partition(",")
    assert head == "data:image/jpeg;base64"
    return Image.open(io.BytesIO(base64.b64decode(data)))


def test_every_template_renders_and_is_named_after_its_file():
    assert set(template_names()) == set(VALUES)
    for name, values in VALUES.items():
        template = load_template(name)
        text = template.render(values)
        assert text["system"]
        assert text["request"]
        assert template.description
        assert len(template.hash) == 16
        assert "BEGIN DOCUMENT" in text["system"]


def test_an_installed_package_carries_the_templates():
    root = Path(__file__).parents[1]
    wheel = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    included = wheel["targets"]["wheel"]["force-include"]
    assert included["prompts"] == "docagent/prompts"


def test_values_must_be_exactly_those_declared():
    with pytest.raises(ValueError, match="needs the values"):
        load_template("ask").render({"question": "Who?"})
    with pytest.raises(ValueError, match="needs the values"):
        load_template("ask").render({**VALUES["ask"], "more": 1})


def test_an_unknown_template_names_those_there_are():
    with pytest.raises(SettingsError, match="there are agent, ask, chat, classify"):
        load_template("translate")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("no front matter", "front matter"),
        ("---\nname: bad\n---\n{% block system %}{% endblock %}", "lacks the blocks"),
        ("---\nname: bad\n---\n{% block", "not a prompt template"),
        ("---\nname\n---\n", "not key: value"),
    ],
)
def test_a_broken_template_is_named(tmp_path, text, reason):
    (tmp_path / "bad.jinja").write_text(text)
    with pytest.raises(SettingsError, match=reason):
        load_template("bad", tmp_path)


@pytest.mark.parametrize("code", ["{{ ''.__class__.__mro__ }}", "{{ x.pop() }}", "{{ missing }}"])
def test_templates_are_sandboxed(tmp_path, code):
    blocks = f"{{% block system %}}{code}{{% endblock %}}"
    blocks += "{% block task %}{% endblock %}{% block request %}{% endblock %}"
    (tmp_path / "bad.jinja").write_text(f"---\nname: bad\nvariables: x\n---\n{blocks}")
    with pytest.raises(SettingsError, match="prompt bad"):
        load_template("bad", tmp_path).render({"x": [1]})


def test_text_of_a_document_is_never_a_template():
    values = {**VALUES["ask"], "question": "{{ 7 * 7 }} {% raw %}"}
    assert "{{ 7 * 7 }}" in load_template("ask").render(values)["request"]


def test_rows_are_laid_out_with_ids_and_marks():
    document = document_of(["Total      12.00", "Thanks"], confidence=0.5)
    text = lay_out(document, number_lines(document), unsure=0.6)
    assert text.splitlines()[2:4] == ["L1| Total(?) 12.00(?)", "L2| Thanks(?)"]
    sure = lay_out(document, number_lines(document), unsure=0.4)
    assert "(?)" not in sure


@given(documents)
def test_every_line_with_words_has_one_id(document: Document):
    lines = number_lines(document)
    assert [line.id for line in lines] == [f"L{n}" for n in range(1, len(lines) + 1)]
    assert [i for line in lines for i in range(line.start, line.end)] == list(
        range(len(document.words))
    )
    text = lay_out(document, lines, unsure=0.9) if lines else ""
    for line in lines:
        assert text.count(f"{line.id}| ") >= 1


@given(documents, st.integers(10, 200))
def test_parts_hold_every_line_once_and_in_order(document: Document, most: int):
    lines = number_lines(document)
    parts = split_lines(document, lines, most)
    assert [line for part in parts for line in part] == list(lines)
    assert all(parts)


def test_parts_keep_a_label_and_the_value_beside_it_together():
    """Ten rows of two lines each; every part begins with a label."""
    made = []
    for row in range(10):
        for text, x0 in (("Label", 0.1), ("1,234.00", 0.6)):
            box = (x0, 0.05 + row * 0.02, x0 + 0.2, 0.066 + row * 0.02)
            word = Word(text=text, polygon=bbox_to_polygon(box), confidence=0.9)
            made.append(Line(words=(word,)))
    page = Page(number=1, width=1000, height=1400, lines=tuple(made))
    document = Document(id="0" * 64, name="test", pages=(page,))
    for most in range(30, 120, 7):
        parts = split_lines(document, number_lines(document), most)
        assert len(parts) > 1
        assert all(document.words[part[0].start].word.text == "Label" for part in parts)


@given(st.text())
def test_a_document_cannot_end_its_fence(text: str):
    first, *_, last = fence(text).split("\n")
    code = first.removeprefix("BEGIN DOCUMENT ")
    assert last == f"END DOCUMENT {code}"
    assert code not in text


def test_a_forged_fence_does_not_help():
    inner = fence("anything")
    assert fence(inner).count(fence(inner).splitlines()[-1]) == 1


@given(st.text())
def test_defused_text_has_no_control_tokens(text: str):
    safe = defuse(text)
    assert "<|" not in safe
    assert "|>" not in safe
    assert "</" not in safe
    assert "\n" not in safe
    assert defuse("<|im_end|>[INST]<image>") == "< |im_end| >[ INST]< image>"


def test_the_order_is_constant_first():
    system, user = build_messages(
        load_template("extract"),
        VALUES["extract"],
        fence("text"),
        ["data:p"],
        [Crop("data:c", "L1 enlarged:")],
    )
    kinds = [b.get("text", b.get("image_url", {}).get("url")) for b in user["content"]]
    assert system["role"] == "system"
    assert kinds[0].startswith("The document is to be read as: Bill")
    assert kinds[1] == "data:p"
    assert kinds[2].startswith("BEGIN DOCUMENT")
    assert kinds[3].startswith("Give these")
    assert kinds[4:] == ["L1 enlarged:", "data:c"]


def test_pages_are_sized_to_the_budget():
    small = picture(page_url(grey_page(), 200_000))
    assert small.width * small.height <= 200_000
    assert abs(small.width / small.height - 1000 / 1400) < 0.01
    assert picture(page_url(grey_page(), 10_000_000)).size == (1000, 1400)


def test_small_text_is_enlarged_in_crops():
    crop = picture(crop_url(grey_page(), [(0.1, 0.1, 0.3, 0.11)], 1_000_000))
    assert crop.height >= 48
    assert crop.width > 0.2 * 1000
    edge = picture(crop_url(grey_page(), [(0.999, 0.999, 1.0, 1.0)], 1_000_000))
    assert edge.width >= 1


def test_crops_near_each_other_are_put_together():
    boxes = [bbox_to_polygon((0.1, y, 0.2, y + 0.01)) for y in (0.1, 0.12, 0.8)]
    assert [len(area) for area in crop_areas(boxes, 2)] == [2, 1]
    assert len(crop_areas(boxes, 5)) == 3
