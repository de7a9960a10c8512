import re
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

import docagent
from docagent.agent import DocAgent
from docagent.cli.settings_table import list_settings, settings_table
from docagent.errors import SettingsError
from docagent.reader.scripted import ScriptedReader
from docagent.settings import ENV_PREFIX, FLAT_NAMES, GROUPS, Settings, VlmSettings, parse_locale
from tests.documents import document_of

ROOT = Path(__file__).parents[1]
FLAT = {
    "max_bytes": 10,
    "max_pages": 7,
    "max_pixels": 2000,
    "min_side": 1,
    "pdf_seconds": 1.5,
    "pdf_memory": 2**28,
    "pdf_processes": 3,
    "render_dpi": 100,
    "pdf_password": SecretStr("p"),
    "engine": "fused",
    "language_model": False,
    "confidence": "geometric_mean",
    "rules": ("labels", "parties"),
    "embedded_reader": False,
    "parts": False,
    "vlm": "always",
    "vlm_url": "http://127.0.0.1:8000/v1",
    "vlm_model": "m",
    "vlm_adapters": (("legal", "l"),),
    "vlm_api_key": SecretStr("k"),
    "vlm_factory": "a:b",
    "vlm_options": SecretStr('{"model": "m"}'),
    "vlm_timeout": 2.0,
    "vlm_seconds": 3.0,
    "vlm_calls": 4,
    "vlm_retries": 5,
    "vlm_concurrency": 6,
    "vlm_max_tokens": 70,
    "vlm_tools": False,
    "vlm_tool_calls": 8,
    "vlm_images": 9,
    "vlm_pixels": 10_000,
    "vlm_chars": 1100,
    "vlm_unsure": 0.12,
    "vlm_trust": 0.13,
    "vlm_tracing": True,
    "store_folder": Path("store"),
    "store_url": SecretStr("sqlite:///x.db"),
    "store_files": "s3://bucket",
    "store_key": SecretStr("ab" * 32),
    "store_retention_days": 30,
    "jobs_waiting": 15,
    "jobs_attempts": 2,
    "jobs_lease": 4.5,
    "jobs_seconds": 99.5,
    "jobs_poll": 1.5,
    "serve_host": "0.0.0.0",
    "serve_port": 81,
    "serve_workers": 3,
    "serve_hosts": "docs.example.com",
    "serve_public_url": "https://docs.example.com",
    "serve_wait": 7.5,
    "serve_rate": 16,
    "serve_upload_seconds": 8.5,
    "serve_poll": 2.5,
    "serve_guesses": 7,
    "serve_webhook_networks": "10.0.0.0/8",
    "serve_webhook_retry": 3.5,
    "serve_log_level": "warning",
    "threads": 14,
    "weights_dir": Path("folder"),
    "locale": "de",
}
"""Every setting by its flat name, with another value than the default."""


def test_variables_override_defaults():
    settings = Settings.from_env({"DOCAGENT_MAX_PAGES": "7", "DOCAGENT_DATA": "elsewhere"})
    assert settings == Settings(max_pages=7)


def test_an_empty_variable_counts_as_unset():
    assert Settings.from_env({"DOCAGENT_THREADS": ""}) == Settings()


@pytest.mark.parametrize("value", ["many", "0", "-3"])
def test_a_wrong_variable_is_named_with_its_value(value):
    with pytest.raises(SettingsError, match=f"DOCAGENT_MAX_PAGES='{value}' is not allowed"):
        Settings.from_env({"DOCAGENT_MAX_PAGES": value})


def test_the_environment_is_not_read_by_the_constructor(monkeypatch):
    monkeypatch.setenv("DOCAGENT_MAX_PAGES", "7")
    assert Settings().limits.max_pages != 7
    assert Settings.from_env().limits.max_pages == 7


def test_settings_are_frozen():
    with pytest.raises(ValidationError):
        Settings().limits.max_pages = 3


def read(settings: Settings, name: str) -> object:
    value: object = settings
    for part in FLAT_NAMES[name]:
        value = getattr(value, part)
    return value


def test_every_setting_has_a_flat_name():
    assert set(FLAT) == set(FLAT_NAMES)
    paths = {(g, f) for g, kind in GROUPS.items() for f in kind.model_fields}
    assert set(FLAT_NAMES.values()) == paths | {
        (name,) for name in Settings.model_fields if name not in GROUPS
    }


@pytest.mark.parametrize("name", FLAT)
def test_a_flat_name_works_in_the_constructor_in_replace_and_in_the_environment(name):
    value = FLAT[name]
    assert read(Settings(), name) != value
    assert read(Settings(**{name: value}), name) == value
    assert read(Settings().replace(**{name: value}), name) == value
    if name != "vlm_adapters":
        text = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        text = ",".join(value) if isinstance(value, tuple) else text
        found = Settings.from_env({ENV_PREFIX + name.upper(): text})
        assert found == Settings(**{name: value})


def test_flat_names_and_groups_go_together():
    settings = Settings(vlm=VlmSettings(url=FLAT["vlm_url"]), vlm_calls=4, max_pages=7)
    assert (settings.vlm.url, settings.vlm.calls) == (FLAT["vlm_url"], 4)
    assert settings == Settings(vlm={"url": FLAT["vlm_url"], "calls": 4}, limits={"max_pages": 7})
    assert hash(Settings(**FLAT)) == hash(Settings(**FLAT))


def test_replace_keeps_the_rest_of_a_group():
    settings = Settings(vlm_url=FLAT["vlm_url"], vlm_calls=4)
    for changed in (settings.replace(vlm="never"), settings.replace(vlm={"mode": "never"})):
        assert (changed.vlm.mode, changed.vlm.url, changed.vlm.calls) == (
            "never",
            FLAT["vlm_url"],
            4,
        )
    whole = settings.replace(vlm=VlmSettings(mode="never"))
    assert whole.vlm == VlmSettings(mode="never")
    assert settings.replace(threads=2).vlm is settings.vlm


@pytest.mark.parametrize(
    ("wrong", "named", "allowed"),
    [
        ({"foo": 1}, "no setting 'foo'", "docs/settings.md"),
        ({"vlm_ulr": "http://h/v1"}, "no setting 'vlm_ulr'", "did you mean vlm.url"),
        ({"vlm": {"ulr": "http://h/v1"}}, "no setting 'vlm.ulr'", "did you mean vlm.url"),
        ({"vlm": "sometimes"}, "vlm.mode='sometimes'", "'always', 'unsure' or 'never'"),
        ({"vlm_trust": 7}, "vlm.trust=7", "less than or equal to 0.98"),
        ({"vlm_url": "ftp://h"}, "vlm.url='ftp://h'", "such as http://127.0.0.1:8000/v1"),
        ({"pdf_seconds": 0}, "pdf.seconds=0", "greater than 0"),
        ({"render_dpi": 10}, "pdf.dpi=10", "greater than or equal to 50"),
        ({"locale": "english"}, "locale='english'", "such as de or en-GB"),
        ({"rules": "labels,colours"}, "extraction.rules='colours'", "'labels'"),
    ],
)
def test_wrong_settings_are_refused(wrong, named, allowed):
    for refused in (lambda: Settings(**wrong), lambda: Settings().replace(**wrong)):
        with pytest.raises(SettingsError) as caught:
            refused()
        assert named in str(caught.value) and allowed in str(caught.value)


def test_a_group_of_settings_names_the_whole_path():
    with pytest.raises(SettingsError, match=r"vlm\.trust=7 is not allowed") as caught:
        VlmSettings(trust=7)
    assert caught.value.setting == "vlm.trust"


@pytest.mark.parametrize("name", ["vlm_api_key", "vlm_options", "pdf_password"])
def test_a_secret_is_never_shown(name):
    with pytest.raises(SettingsError) as caught:
        Settings(**{name: ["canary"]})
    assert "canary" not in str(caught.value) and "..." in str(caught.value)
    assert "canary" not in repr(Settings(**{name: '{"canary": 1}'}))


@pytest.mark.parametrize(
    "variable, value",
    [
        ("DOCAGENT_VLM", "sometimes"),
        ("DOCAGENT_VLM_URL", "localhost"),
        ("DOCAGENT_VLM_ADAPTERS", "legal"),
        ("DOCAGENT_RENDER_DPI", "1"),
        ("DOCAGENT_ENGINE", "other"),
        ("DOCAGENT_LOCALE", "english"),
    ],
)
def test_a_variable_of_a_group_is_named_too(variable, value):
    with pytest.raises(SettingsError, match=f"^{variable}='{value}' is not allowed: .*Change"):
        Settings.from_env({variable: value})


def test_a_wrong_secret_is_not_shown():
    with pytest.raises(SettingsError, match=r"DOCAGENT_VLM_OPTIONS=\.\.\. is not allowed"):
        Settings.from_env({"DOCAGENT_VLM_OPTIONS": "sk-secret"})


@pytest.mark.parametrize(
    "given, locale",
    [("", ""), ("de", "de"), ("en-GB", "en-GB"), ("en_us", "en-US"), ("DE", "de"), ("fil", "fil")],
)
def test_a_locale_is_a_language_with_an_optional_region(given, locale):
    assert Settings(locale=given).locale == parse_locale(given) == locale


@pytest.mark.parametrize("given", ["english", "e", "en-", "en-GBR", "en GB", "-GB", "12", " "])
def test_anything_else_is_no_locale(given):
    with pytest.raises(ValueError, match="such as de or en-GB"):
        parse_locale(given)


SCHEMA = {
    "type": "object",
    "properties": {"date": {"type": "string", "description": "Date", "x-normaliser": "date"}},
}
DOCUMENT = document_of(["Date 05/08/2017"])


@pytest.mark.parametrize(
    "settled, given, day",
    [
        ("", None, "2017-08-05"),
        ("en-US", None, "2017-05-08"),
        ("", "en-US", "2017-05-08"),
        ("en-US", "en-GB", "2017-08-05"),
        ("en-US", "", "2017-08-05"),
    ],
)
def test_a_locale_reaches_the_normalisers(settled, given, day):
    agent = DocAgent(
        Settings(locale=settled), reader=ScriptedReader({"date": [("05/08/2017", 0.9)]})
    )
    field = agent.extract(DOCUMENT, SCHEMA, locale=given)["date"]
    assert (field.raw_text, field.value) == ("05/08/2017", day)
    assert agent.ask(DOCUMENT, "What is the date?", locale=given).text == "05/08/2017"


def test_a_verb_names_a_wrong_locale():
    agent = DocAgent(reader=ScriptedReader({}))
    for verb, argument in ((agent.extract, SCHEMA), (agent.ask, "When?")):
        with pytest.raises(SettingsError, match="locale 'english' is not allowed: give a language"):
            verb(DOCUMENT, argument, locale="english")


def test_every_setting_is_described():
    for item in list_settings():
        assert item.description.endswith("."), item.name
        assert item.allowed
    assert len(list_settings()) == len(FLAT)


def test_the_document_of_settings_is_up_to_date():
    shown = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert shown == settings_table() + "\n", (
        "python -m docagent.cli.settings_table > docs/settings.md"
    )


def test_the_readme_names_settings_that_there_are():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    flat = {ENV_PREFIX + name.upper() for name in FLAT_NAMES}
    # The folder of the labelled sets is a variable of eval.
    assert set(re.findall(r"DOCAGENT_[A-Z_]*[A-Z]", text)) - flat <= {"DOCAGENT_DATA"}
    names = {item.name for item in list_settings()}
    assert set(re.findall(r"Settings\.([a-z_.]*[a-z_])", text)) - {"from_env"} <= names


def test_groups_are_public():
    for kind in GROUPS.values():
        assert getattr(docagent, kind.__name__) is kind
