"""Which model is used: none, one by URL, any LangChain model; and how a call is listened to."""

from __future__ import annotations

import sys
import time
import types
from itertools import repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.language_models.fake_chat_models import FakeListChatModel

from docagent.agent import DocAgent
from docagent.cli import main
from docagent.errors import SettingsError
from docagent.settings import Settings
from docagent.vlm.client import VllmChat
from docagent.vlm.connection import load_chat_model, model_name
from docagent.vlm.repetition import is_repeating
from docagent.vlm.scripted import Said, ScriptedChatModel
from docagent.vlm.streaming import listen
from tests.documents import document_of
from tests.vlm_models import FAST, DoubtfulReader

URL = "http://127.0.0.1:9/v1"


def made() -> ScriptedChatModel:
    return ScriptedChatModel(script=[])


def test_no_model_is_a_normal_state():
    assert Settings().vlm.effective_mode == "never"
    assert load_chat_model(Settings()) is None
    assert load_chat_model(Settings(vlm="never", vlm_url=URL)) is None
    assert DocAgent().correct(document_of(["text"])).vlm is None


def test_a_model_that_is_named_is_asked_where_unsure():
    assert Settings(vlm_url=URL).vlm.effective_mode == "unsure"
    model = load_chat_model(Settings(vlm_url=URL, vlm_model="qwen", vlm_api_key="k"))
    assert isinstance(model, VllmChat)
    assert model_name(model) == "qwen"


def test_any_langchain_model_by_configuration(monkeypatch):
    home = types.ModuleType("my_models")
    home.make, home.number = made, lambda: 7
    monkeypatch.setitem(sys.modules, "my_models", home)
    model = load_chat_model(Settings(vlm_factory="my_models:make"))
    assert isinstance(model, ScriptedChatModel)
    with pytest.raises(SettingsError, match="returns int"):
        load_chat_model(Settings(vlm_factory="my_models:number"))
    with pytest.raises(SettingsError, match="gives no model"):
        load_chat_model(Settings(vlm_factory="my_models:missing"))


class Named(ScriptedChatModel):
    """A model that is made with arguments."""

    name: str
    script: object = ()


@pytest.fixture
def my_models(monkeypatch):
    home = types.ModuleType("my_models")
    home.Named, home.made = Named, made
    monkeypatch.setitem(sys.modules, "my_models", home)


@pytest.mark.parametrize("options", [{"name": "mine", "piece": 7}, '{"piece": 7, "name": "mine"}'])
def test_a_factory_gets_its_options(my_models, options):
    settings = Settings(vlm_factory="my_models:Named", vlm_options=options)
    model = load_chat_model(settings)
    assert (model.name, model.piece) == ("mine", 7)
    assert settings == Settings.model_validate(settings.model_dump())
    assert hash(settings) == hash(Settings(vlm_factory="my_models:Named", vlm_options=options))


def test_options_come_from_the_environment(my_models):
    variables = {"FACTORY": "my_models:Named", "OPTIONS": '{"name": "mine"}'}
    env = {f"DOCAGENT_VLM_{name}": value for name, value in variables.items()}
    assert load_chat_model(Settings.from_env(env)).name == "mine"
    assert Settings(vlm_options="{}") == Settings(vlm_options={}) == Settings()


@pytest.mark.parametrize("text", ["model=x", "[1]", '"x"', "7", '{"a": }'])
def test_options_are_one_json_object(text):
    with pytest.raises(SettingsError, match=r"DOCAGENT_VLM_OPTIONS.*JSON object") as caught:
        Settings.from_env({"DOCAGENT_VLM_OPTIONS": text})
    assert text not in str(caught.value).replace('{"model": "NAME"}', "")


def test_options_that_do_not_fit_are_named_and_not_shown(my_models):
    options = {"api_key": "very-secret"}
    assert "very-secret" not in repr(Settings(vlm_options=options))
    with pytest.raises(SettingsError, match="with vlm_options api_key gives no model") as caught:
        load_chat_model(Settings(vlm_factory="my_models:made", vlm_options=options))
    assert "very-secret" not in str(caught.value)
    with pytest.raises(SettingsError, match="arguments of vlm_factory, and none is named"):
        load_chat_model(Settings(vlm_url=URL, vlm_options=options))


def test_a_model_of_another_make_gets_no_options_it_may_not_know():
    model = FakeListChatModel(
        responses=['{"answers": [{"lines": ["L1"], "how": "verbatim", "value": "Bob"}]}']
    )
    agent = DocAgent(FAST, reader=DoubtfulReader({}), vlm=model)
    answer = agent.ask(document_of(["Signed by Bob"]), "Who signed?")
    assert answer.text == "Bob"
    # The record says what was sent, and nothing was.
    assert [attempt.temperature for attempt in answer.vlm.attempts] == [None]


def test_the_temperature_that_was_sent_is_recorded():
    model = ScriptedChatModel(script=[{"answers": []}])
    agent = DocAgent(FAST, reader=DoubtfulReader({}), vlm=model)
    (attempt,) = agent.ask(document_of(["Signed by Bob"]), "Who signed?").vlm.attempts
    assert attempt.temperature == model.requests[0][1]["temperature"] == 0.0


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (Settings(vlm="always"), "no model is named"),
        (Settings(vlm_url=URL, vlm_factory="a:b"), "name one model"),
    ],
)
def test_wrong_settings_are_told_at_once(settings, reason):
    with pytest.raises(SettingsError, match=reason):
        DocAgent(settings)


@pytest.mark.parametrize("variable", ["URL=not a url", "URL=file:///x", "FACTORY=os.system", "=on"])
def test_variables_are_checked(variable):
    name, _, value = variable.partition("=")
    name = f"DOCAGENT_VLM_{name}".rstrip("_")
    with pytest.raises(SettingsError, match=name):
        Settings.from_env({name: value})


def test_keys_are_not_shown():
    assert "hidden" not in repr(Settings(vlm_api_key="hidden"))


def test_wrong_options_on_the_command_line(capsys, tmp_path):
    page = tmp_path / "page.png"
    page.write_bytes(b"")
    assert main(["ask", str(page), "Who?", "--vlm", "always"]) == 2
    assert "no model is named" in capsys.readouterr().err
    assert main(["ask", str(page), "Who?", "--vlm-url", "nowhere"]) == 2
    assert "give http://HOST:PORT/v1" in capsys.readouterr().err


def heard(said: Said, seconds: float = 5.0, max_tokens: int = 500):
    model = ScriptedChatModel(script=[said])
    return listen(model, [{"role": "user", "content": "hi"}], {}, seconds, max_tokens)


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        (Said("fine"), "answered"),
        (Said("fine", finish=None), "answered"),
        (Said("cut", finish="length"), "truncated"),
        (Said(repeat("again and ")), "repeated"),
        (Said(str(n) + " " for n in range(10**9)), "truncated"),
        (Said("half", error=MemoryError("full")), "model"),
        (Said("late", delay=9), "timeout"),
    ],
)
def test_how_an_answer_ends(said, outcome):
    spoken = heard(said, 0.1 if outcome == "timeout" else 5.0)
    assert spoken.outcome == outcome
    assert len(spoken.text) <= 500 * 9


def test_what_was_said_before_it_broke_is_kept():
    assert heard(Said("half", error=RuntimeError("gone"))).text == "half"


@given(st.text(min_size=1, max_size=100), st.text(max_size=100))
def test_repetition_is_found_whatever_is_repeated(unit: str, before: str):
    assert is_repeating(before + unit * 700)


def test_a_table_is_no_repetition():
    rows = [f'{{"lines": ["L{n}"], "how": "verbatim", "value": "{n}.00"}}, ' for n in range(200)]
    text = "".join(rows)
    assert not any(is_repeating(text[:end]) for end in range(0, len(text), 64))


ROW = ", ".join(f'"{c}": {{"lines": ["L7"], "how": "verbatim", "value": "{c} 1"}}' for c in "abcd")


@pytest.mark.parametrize("length", [161, len(ROW), 400, 639, 640])
def test_a_row_said_three_times_is_a_loop(length: int):
    row = (ROW * 3)[:length]
    said = "".join(f'{{"lines": ["L{n}"], "how": "absent"}}, ' for n in range(40))
    assert is_repeating(said + row * 3)
    assert not is_repeating(said + row * 2)
    assert not is_repeating(said + row + row.replace("7", "8") + row)


def test_looking_for_loops_is_cheap():
    text = "".join(f'{{{ROW}, "n": {n}}}, ' for n in range(200))
    start = time.process_time()
    assert not any(is_repeating(text[:end]) for end in range(0, len(text), 64))
    assert time.process_time() - start < 2.0
