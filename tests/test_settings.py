import pytest
from pydantic import ValidationError

from docagent.errors import SettingsError
from docagent.settings import Settings


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
    assert Settings().max_pages != 7
    assert Settings.from_env().max_pages == 7


def test_settings_are_frozen():
    with pytest.raises(ValidationError):
        Settings().max_pages = 3
