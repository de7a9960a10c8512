"""What the server that docagent starts does, and what it refuses."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import httpx
import pytest

from docagent.agent import DocAgent
from docagent.chat.tools import tool_specs
from docagent.cli import main
from docagent.errors import VlmError
from docagent.settings import Settings
from docagent.vlm.adapters import probe_adapter
from docagent.vlm.serving import TOOL_PARSERS
from eval.vllm.documents import draw_page
from tests.vllm.conftest import IDLE

pytestmark = pytest.mark.vllm
PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEA"
    "sTuxFAAAAABJRU5ErkJggg=="
)


def ask(bench, content, **options):
    body = {
        "model": "docagent",
        "messages": [{"role": "user", "content": content}],
        "max_tokens": 40,
        "temperature": 0.0,
        **options,
    }
    return httpx.post(f"{bench.url}/chat/completions", json=body, timeout=120, trust_env=False)


def picture(url):
    return {"type": "image_url", "image_url": {"url": url}}


def test_base_model_and_adapters_are_served(chat, bench):
    assert set(chat.models()) == {"docagent", *bench.adapters}


def test_pictures_come_as_data_and_are_never_fetched(bench):
    text = {"type": "text", "text": "What is this?"}
    assert ask(bench, [text, picture(PIXEL)]).status_code == 200
    for url in ("http://127.0.0.1:9/x.png", "http://example.org/x.png", "file:///etc/passwd"):
        answer = ask(bench, [text, picture(url)])
        assert answer.status_code >= 400
        assert "root:" not in answer.text


def test_more_pictures_than_allowed_are_refused(bench):
    most = bench.server.options.images
    assert ask(bench, [picture(PIXEL)] * (most + 1)).status_code == 400


def test_structured_outputs_hold_and_have_no_white_space(bench):
    schema = {
        "type": "object",
        "properties": {"lines": {"type": "array", "maxItems": 2, "items": {"enum": ["L1", "L2"]}}},
        "required": ["lines"],
        "additionalProperties": False,
    }
    form = {"type": "json_schema", "json_schema": {"name": "x", "strict": True, "schema": schema}}
    answer = ask(bench, "Which lines?", response_format=form)
    said = answer.json()["choices"][0]["message"]["content"]
    assert set(json.loads(said)["lines"]) <= {"L1", "L2"}
    assert " " not in said


def test_adapters_differ_from_the_base_model_and_an_idle_one_is_found_out(chat):
    assert probe_adapter(chat, "finance").effect == "works"
    assert probe_adapter(chat, "legal").effect == "works"
    idle = probe_adapter(chat, IDLE)
    assert (idle.effect, idle.difference) == ("no_effect", 0.0)
    assert probe_adapter(chat, "nobody").effect == "not_served"


def test_a_server_that_answers_others_survives_the_probing_of_its_adapters(bench, chat):
    """It does not if asked for ``prompt_logprobs``."""
    with ThreadPoolExecutor(3) as pool:
        others = [pool.submit(ask, bench, "Count.", max_tokens=200) for _ in range(3)]
        while not all(other.done() for other in others):
            assert probe_adapter(chat, "finance").effect == "works"
        assert [other.result().status_code for other in others] == [200, 200, 200]


def test_the_check_command_tells_and_fails_for_an_idle_adapter(bench, capsys):
    url = ["--vlm-url", bench.url, "--json"]
    assert main(["vlm", "check", *url, "--vlm-adapters", "finance=finance,legal=legal"]) == 0
    assert main(["vlm", "check", *url]) == 2
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    effects = {state["name"]: state["effect"] for state in told["adapters"]}
    assert effects == dict.fromkeys(bench.adapters, "works") | {IDLE: "no_effect"}


@pytest.mark.parametrize(
    ("schema", "adapters", "model", "note"),
    [
        ("invoice", {"finance": "finance", "legal": "legal"}, "finance", ""),
        ("nda", {"finance": "finance", "legal": "legal"}, "legal", ""),
        ("lab_report", {"finance": "finance"}, "docagent", ""),
        ("invoice", {"finance": IDLE}, "docagent", "has no effect"),
        ("invoice", {"finance": "missing"}, "docagent", "is not served"),
    ],
)
def test_a_schema_goes_to_the_adapter_of_its_domain(settings, schema, adapters, model, note):
    settings = Settings.model_validate(
        {**settings.model_dump(), "vlm_adapters": adapters, "vlm_max_tokens": 24, "vlm_calls": 1}
    )
    use = DocAgent(settings).extract(draw_page(5).document, schema).vlm
    assert use.model == model
    assert use.calls == 1
    assert note in " ".join(use.notes)


def test_an_adapter_that_is_taken_away_is_replaced_by_the_base_model(settings, chat):
    settings = Settings.model_validate(
        {**settings.model_dump(), "vlm_adapters": {"finance": "finance"}, "vlm_calls": 2}
    )
    agent = DocAgent(settings)
    page = draw_page(6)
    assert agent.extract(page.document, "receipt").vlm.model == "finance"
    # The agent has found the adapter to work; now the server knows it no more.
    gone = chat.with_model("gone")
    agent._vlm._adapters._client = _Renamed(chat, gone)
    use = agent.extract(page.document, "receipt").vlm
    assert use.model == "docagent"
    assert use.attempts[0].outcome == "refused"
    assert "'gone' is not served; the base model is asked instead" in use.notes


class _Renamed:
    """A client whose adapters have another name on the server."""

    def __init__(self, base, gone):
        self._base, self._gone = base, gone

    def with_model(self, name):
        return self._gone

    def __getattr__(self, name):
        return getattr(self._base, name)


def test_what_the_model_takes_is_told_and_more_is_refused_as_too_long(chat, bench):
    tokens = bench.server.options.max_model_len
    assert chat.context_length() == chat.with_model("finance").context_length() == tokens
    for words in (2 * tokens, 100 * tokens):
        with pytest.raises(VlmError) as caught:
            chat.invoke("7 " * words, max_tokens=8)
        assert caught.value.fault == "length", caught.value


def test_an_unknown_model_is_told(chat):
    with pytest.raises(VlmError, match="404"):
        chat.with_model("nobody").first_logprobs("text")


def test_the_parsers_of_tool_calls_are_known_to_vllm():
    # Read and not imported: the registry is a literal, and importing vLLM takes a while.
    package = Path(find_spec("vllm").origin).parent
    registry = (package / "tool_parsers" / "__init__.py").read_text("utf-8")
    assert {parser for _, parser in TOOL_PARSERS} <= set(
        re.findall(r'^    "(\S+)": \(', registry, re.M)
    )


def test_a_request_with_tools_and_what_one_returned_is_taken(bench):
    called = {"name": "search", "arguments": '{"query": "total"}'}
    messages = [
        {"role": "user", "content": [{"type": "text", "text": "Total?"}, picture(PIXEL)]},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [{"id": "call_0", "type": "function", "function": called}],
        },
        {"role": "tool", "tool_call_id": "call_0", "content": "L1| Total 12.00"},
    ]
    tools = {"tools": list(tool_specs()), "tool_choice": "auto"}
    answer = ask(bench, "", messages=messages, **tools)
    assert answer.status_code == 200, answer.text


def test_a_conversation_with_tools_gives_a_whole_turn(settings):
    settings = settings.replace(vlm_max_tokens=48, vlm_calls=6, vlm_tools=True)
    turn = DocAgent(settings).chat(draw_page(8).document).ask("What is the total due?")
    # So small a model calls no tool as it should; the server takes what it is sent with them.
    with_tools = [a for a in turn.vlm.attempts if a.template == "agent"]
    assert with_tools
    assert "refused" not in {a.outcome for a in with_tools}
    assert (turn.text is None) == (turn.abstained is not None)
    assert turn.text is None or turn.citations
