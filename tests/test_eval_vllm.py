"""The checks of ``eval.vllm`` find what they look for; no server is needed for that."""

from __future__ import annotations

import json

import httpx
import numpy as np
import pytest

from docagent.document import Document
from docagent.schemas import load_schema
from docagent.tasks.correction.embedded import correct
from docagent.tasks.extraction.embedded import extract
from docagent.usage import VlmUse
from eval.vllm.bench import free_port
from eval.vllm.documents import HEIGHT, WIDTH, draw_page
from eval.vllm.faults import Fault, faulty_proxy, is_answered, is_flagged
from eval.vllm.figures import Figure, print_figures
from eval.vllm.hostile_documents import closing_tokens, correction_faults, extraction_faults
from eval.vllm.outage import _cut_figure, _resumed_figure
from eval.vllm.prefix_cache import read_counters
from eval.vllm.throughput import Rounds
from tests.vlm_models import BILL, BILL_SCHEMA, DoubtfulReader, agent

METRICS = """# HELP vllm:prefix_cache_queries_total Prefix cache queries
vllm:prefix_cache_queries_total{engine="0",model_name="a"} 100.0
vllm:prefix_cache_hits_total{engine="0",model_name="a"} 80.0
vllm:prefix_cache_queries_total{engine="1",model_name="a"} 10.0
vllm:prefix_cache_hits_total{engine="1",model_name="a"} 1.0
"""


def test_counters_are_summed_over_engines():
    assert read_counters(METRICS) == (110.0, 81.0)
    with pytest.raises(ValueError, match="prefix_cache_queries_total"):
        read_counters("other 1.0\n")


def test_drawn_pages_are_the_same_for_the_same_seed_and_show_their_words():
    page, again = draw_page(4), draw_page(4)
    assert page.document == again.document
    assert np.array_equal(page.image, again.image)
    assert page.document != draw_page(5).document
    assert page.image.shape == (HEIGHT, WIDTH)
    for place in page.document.words:
        (x0, y0), _, (x1, y1), _ = place.word.polygon
        crop = page.image[
            int(y0 * HEIGHT) : int(y1 * HEIGHT) + 1, int(x0 * WIDTH) : int(x1 * WIDTH)
        ]
        assert crop.min() < 128
    doubts = [w.word.confidence < 0.9 for w in page.document.words]
    assert any(doubts)
    assert not all(doubts)


def reading():
    reader = DoubtfulReader({"who sells": [("ACME Widgets Ltd", 0.9)], "all": [("132.00", 0.9)]})
    schema = load_schema(BILL_SCHEMA)
    result = extract(BILL, schema, reader)
    return schema, result.replace(vlm=VlmUse(mode="always", model="m", status="used"))


def with_field(result, path, **update):
    fields = tuple(f.replace(**update) if f.path == path else f for f in result.fields)
    return result.replace(fields=fields)


def test_a_sound_extraction_has_no_fault():
    schema, result = reading()
    assert extraction_faults(BILL, schema, result) == []


@pytest.mark.parametrize(
    "update",
    [
        {"evidence": ()},
        {"raw_text": "133.00"},
        {"status": "ungrounded"},
    ],
)
def test_values_without_evidence_are_found(update):
    schema, result = reading()
    faults = extraction_faults(BILL, schema, with_field(result, "total", **update))
    assert faults == ["value without evidence"]


def test_quotes_that_are_not_on_the_page_are_found():
    schema, result = reading()
    other = Document(id=BILL.id, pages=BILL.pages[:0])
    assert "value without evidence" in extraction_faults(other, schema, result)


def test_invalid_and_unflagged_results_are_found():
    schema, result = reading()
    invalid = result.replace(data={"total": "much"})
    assert extraction_faults(BILL, schema, invalid) == ["invalid and not flagged"]
    silent = result.vlm.replace(status="failed")
    faults = extraction_faults(BILL, schema, result.replace(vlm=silent))
    assert faults == ["trouble and not flagged"]
    fewer = result.replace(fields=result.fields[1:])
    assert "fields missing" in extraction_faults(BILL, schema, fewer)


class Changed:
    """A correction that turns one word into another, and cannot be undone unless told."""

    def __init__(self, before, after):
        self.before, self.after = before, after

    def _swap(self, document, old, new):
        text = document.model_dump_json().replace(f'"{old}"', f'"{new}"')
        return Document.model_validate_json(text)

    def apply(self, document):
        return self._swap(document, self.before, self.after)

    def revert(self, document):
        return self._swap(document, self.after, self.before)


def test_changed_digits_and_sure_words_are_found():
    page = draw_page(4).document
    sure = next(
        w.word.text for w in page.words if w.word.confidence > 0.9 and w.word.text.isalpha()
    )
    assert correction_faults(page, correct(page)) == []
    assert "sure word changed" in correction_faults(page, Changed(sure, "other"))
    digits = next(w.word.text for w in page.words if any(c.isdigit() for c in w.word.text))
    assert "digit changed" in correction_faults(page, Changed(digits, "7" + digits))


def test_tokens_that_close_are_favoured(tmp_path):
    vocabulary = {'"': 1, '"}': 2, "]": 3, "a": 4, 'a"': 5}
    (tmp_path / "tokenizer.json").write_text(json.dumps({"model": {"vocab": vocabulary}}))
    favoured = closing_tokens(tmp_path)
    assert favoured.keys() == {"1", "2", "3"}
    assert favoured["1"] == favoured["2"] > favoured["3"] > 0


def test_the_ratio_is_that_of_neighbouring_rounds():
    assert Rounds([2.0, 4.0, 1.0], [1.0, 4.0, 0.9]).ratio == 0.9


def test_a_proxy_fails_as_told_and_passes_on_otherwise():
    fault = Fault(404)
    with faulty_proxy(f"http://127.0.0.1:{free_port()}/v1", fault) as first:
        assert httpx.post(f"{first}/chat/completions", json={}).status_code == 404
        fault.status = 429
        with faulty_proxy(first, Fault()) as second:
            answer = httpx.post(f"{second}/chat/completions", json={})
    assert answer.status_code == 429
    assert "made to fail with 429" in answer.text


def test_flags_are_seen():
    assert is_flagged(agent(["nonsense"] * 30).ask(BILL, "What is due?"))
    good = {"answers": [{"lines": ["L7"], "how": "verbatim", "value": "132.00"}]}
    for said in ([good], ["nonsense", good]):  # the second one is mended by asking again
        answered = agent(said).ask(BILL, "What is due?")
        assert not is_flagged(answered)
        assert is_answered(answered)
    assert not is_answered(agent(["nonsense"] * 30).ask(BILL, "What is due?"))


def stored(name, unreached):
    return {"name": name, "vlm": {"unreached": unreached, "notes": ["gone"] if unreached else []}}


def test_an_outage_passes_only_if_nothing_is_lost_or_done_twice():
    cut = {f"{n}": stored("cut", n > 3) for n in range(12)}
    assert _cut_figure(cut, 0, 1.0).passed
    assert not _cut_figure(dict(list(cut.items())[:11]), 0, 1.0).passed
    assert not _cut_figure(cut, 1, 1.0).passed
    whole = {n: stored("new" if int(n) > 3 else "cut", False) for n in cut}
    assert _resumed_figure(cut, whole, 0).passed
    assert not _resumed_figure(cut, {**whole, "5": cut["5"]}, 0).passed
    assert not _resumed_figure(cut, {**whole, "1": stored("new", False)}, 0).passed


def test_figures_are_printed_with_their_verdict(capsys):
    print_figures([Figure("a", "1", True), Figure("b", "2", False)])
    assert capsys.readouterr().out == "ok    a: 1\nFAIL  b: 2\n"
