"""The table of all settings (variable, default, range, description), generated from the types.

python -m docagent.cli.settings_table > docs/settings.md
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from docagent.settings import ENV_PREFIX, FLAT_NAMES, GROUPS, Settings


@dataclass(frozen=True)
class Setting:
    """One setting. name: as in Python, such as ``vlm.url``. variable: name of its environment
    variable. default: as text, empty for none. allowed: type and range."""

    name: str
    variable: str
    default: str
    allowed: str
    description: str


def list_settings() -> tuple[Setting, ...]:
    """All settings, in the order of their groups."""
    return tuple(_setting(flat, path) for flat, path in FLAT_NAMES.items())


def _setting(flat: str, path: tuple[str, ...]) -> Setting:
    owner = GROUPS[path[0]] if len(path) > 1 else Settings
    schema = owner.model_json_schema()["properties"][path[-1]]
    return Setting(
        name=".".join(path),
        variable=ENV_PREFIX + flat.upper(),
        default=_default(schema.get("default")),
        allowed=_allowed(schema),
        description=schema["description"],
    )


def _default(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value))
    return "" if value in (None, "") else json.dumps(value).strip('"')


_WORDS = {"integer": "whole number", "number": "number", "boolean": "true or false"}
_BOUNDS = {
    "minimum": "at least {:,}",
    "exclusiveMinimum": "more than {:,}",
    "maximum": "at most {:,}",
}


def _allowed(schema: Mapping[str, Any]) -> str:
    for choice in schema.get("anyOf", ()):
        if choice["type"] != "null":
            return _allowed(choice)
    if "enum" in schema.get("items", {}):
        return f"several of {_allowed(schema['items'])}"
    if "enum" in schema:
        return ", ".join(schema["enum"])
    bounds = [text.format(schema[key]) for key, text in _BOUNDS.items() if key in schema]
    return ", ".join((_WORDS.get(schema["type"], "text"), *bounds))


_HEAD = """\
# Settings

Set a value in Python as `Settings(vlm={"url": URL})` or, with the name of the variable, as
`Settings(vlm_url=URL)`. The command line reads the variables; in Python `Settings.from_env()` does.
This table is generated: `python -m docagent.cli.settings_table > docs/settings.md`.
"""


def settings_table() -> str:
    """All settings as a Markdown document."""
    rows = [_HEAD, "| setting | variable | default | allowed | meaning |", "|---|---|---|---|---|"]
    for item in list_settings():
        default = f"`{item.default}`" if item.default else ""
        rows.append(
            f"| `{item.name}` | `{item.variable}` | {default} | {item.allowed} | "
            f"{item.description} |"
        )
    return "\n".join(rows)


if __name__ == "__main__":
    print(settings_table())
