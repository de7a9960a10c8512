"""Templates: Jinja2 files with front matter, rendered in a sandbox.

A template has four blocks: ``system`` (the same for every document), ``task`` (the same for
every call of a task on a document), then page pictures and page text are put in, and ``request``
(what is asked now). So a server's prefix cache hits as far as possible.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from docagent.errors import SettingsError

BLOCKS = ("system", "task", "request")
HASH_LENGTH = 16
_PACKAGE = Path(__file__).parents[2]


@cache
def builtin_folder() -> Path:
    """The folder of the shipped templates: inside the package, or beside it in a checkout."""
    inside = _PACKAGE / "prompts"
    return inside if inside.is_dir() else _PACKAGE.parent / "prompts"


@dataclass(frozen=True)
class PromptTemplate:
    """A checked template. hash: SHA-256 of its file, first 16 hex digits. variables: what its
    blocks need, all of them and no others."""

    name: str
    description: str
    variables: tuple[str, ...]
    hash: str
    _compiled: Template

    def render(self, values: Mapping[str, Any]) -> dict[str, str]:
        """The text of each block, without space at its ends. Raises ValueError if values are
        missing or not used, and SettingsError if the template cannot be rendered."""
        if set(values) != set(self.variables):
            wanted, given = sorted(self.variables), sorted(values)
            raise ValueError(f"prompt {self.name} needs the values {wanted}, not {given}")
        try:
            return {name: self._block(name, values) for name in BLOCKS}
        except (TemplateError, TypeError) as error:
            raise SettingsError(f"prompt {self.name}: {error}; mend the template") from error

    def _block(self, name: str, values: Mapping[str, Any]) -> str:
        context = self._compiled.new_context(dict(values))
        return "".join(self._compiled.blocks[name](context)).strip()


@cache
def load_template(name: str, folder: Path | None = None) -> PromptTemplate:
    """A template of a folder, by default a shipped one. Raises SettingsError naming the file,
    what is wrong with it, or which templates there are."""
    folder = folder or builtin_folder()
    path = folder / f"{name}.jinja"
    if not path.is_file():
        known = ", ".join(template_names(folder)) or "none"
        raise SettingsError(f"{path}: no such prompt; there are {known}")
    raw = path.read_bytes()
    try:
        head, body = _split(raw.decode("utf-8"))
        compiled = _environment().from_string(body)
    except (TemplateError, ValueError) as error:
        raise SettingsError(f"{path}: not a prompt template: {error}") from error
    missing = [block for block in BLOCKS if block not in compiled.blocks]
    if missing or head.get("name") != name:
        reason = f"it lacks the blocks {missing}" if missing else "its name is another one"
        raise SettingsError(f"{path}: not a prompt template: {reason}")
    variables = tuple(v.strip() for v in head.get("variables", "").split(",") if v.strip())
    digest = hashlib.sha256(raw).hexdigest()[:HASH_LENGTH]
    return PromptTemplate(name, head.get("description", ""), variables, digest, compiled)


def template_names(folder: Path | None = None) -> tuple[str, ...]:
    """Names of the templates in a folder, by default the shipped ones."""
    return tuple(sorted(path.stem for path in (folder or builtin_folder()).glob("*.jinja")))


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    return ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False
    )


def _split(text: str) -> tuple[dict[str, str], str]:
    """Front matter (``key: value`` lines between two lines ``---``) and what follows it."""
    lines = text.splitlines(keepends=True)
    marks = [index for index, line in enumerate(lines) if line.strip() == "---"]
    if len(marks) < 2 or marks[0] != 0:
        raise ValueError("it must begin with front matter between two lines ---")
    head = {}
    for line in lines[1 : marks[1]]:
        key, colon, value = line.partition(":")
        if not colon:
            raise ValueError(f"{line.strip()!r} in its front matter is not key: value")
        head[key.strip()] = value.strip()
    return head, "".join(lines[marks[1] + 1 :])
