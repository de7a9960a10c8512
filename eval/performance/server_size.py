"""How much the page weighs, and how much an installation."""

from __future__ import annotations

import tempfile
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import httpx2
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import docagent
from docagent.errors import SettingsError
from eval.performance.server_process import ServerProcess

MAX_PAGE_BYTES = 150_000
"""Of the whole page as it is sent, with headers."""
PACKAGE = Path(docagent.__file__).parent
DATA = ("extraction_schemas", "prompts")
"""Folders at the top of the repository that an installed package has a copy of."""


def measure_size() -> tuple[dict[str, Any], bool]:
    """Bytes of the page as it is sent, and megabytes of docagent with what it and its extra
    ``serve`` need, as installed here. Raises SettingsError where docagent is not installed."""
    with tempfile.TemporaryDirectory() as folder, ServerProcess(Path(folder)) as server:
        page = page_bytes(server.url)
    own = sum(map(_size_of_folder, (PACKAGE, *(PACKAGE.parent / name for name in DATA))))
    core, served = needed_by(()), needed_by(("serve",))
    sizes = {name: _size_of(found) for name, found in served.items()}
    largest = sorted(sizes, key=lambda name: -sizes[name])[:5]
    figures = {
        "page as sent, kB": round(page / 1000, 1),
        "docagent, MB": _megabytes(own),
        "core and what it needs, MB": _megabytes(own + sum(sizes[name] for name in core)),
        "extra serve and what it needs, MB": _megabytes(own + sum(sizes.values())),
        "packages": len(sizes),
        "largest, MB": ", ".join(f"{name} {_megabytes(sizes[name])}" for name in largest),
    }
    return figures, page <= MAX_PAGE_BYTES


def page_bytes(url: str) -> int:
    """Bytes that a browser is sent for the page: bodies, compressed, and headers."""
    sent = 0
    names = [path.relative_to(PACKAGE / "web").as_posix() for path in _files(PACKAGE / "web")]
    with httpx2.Client(base_url=url, headers={"Accept-Encoding": "gzip"}) as client:
        for name in names:
            if name.endswith(".txt"):  # licences, which no page loads
                continue
            with client.stream("GET", "/" if name == "index.html" else f"/{name}") as answer:
                answer.raise_for_status()
                sent += sum(map(len, answer.iter_raw()))
                sent += sum(len(name) + len(value) for name, value in answer.headers.raw)
    return sent


def needed_by(extras: tuple[str, ...]) -> dict[str, Distribution]:
    """The packages that docagent with these extras needs, and those that they need, by name.
    Raises SettingsError if one is not installed."""
    found: dict[str, Distribution] = {}
    left = [("docagent", extra) for extra in ("", *extras)]
    seen = set(left)
    while left:
        name, extra = left.pop()
        package = _installed(name)
        if name != "docagent":
            found[name] = package
        for line in package.requires or ():
            wanted = Requirement(line)
            if wanted.marker is not None and not wanted.marker.evaluate({"extra": extra}):
                continue
            for more in ("", *wanted.extras):
                entry = (canonicalize_name(wanted.name), more)
                if entry not in seen:
                    seen.add(entry)
                    left.append(entry)
    return found


def _installed(name: str) -> Distribution:
    try:
        return distribution(name)
    except PackageNotFoundError as error:
        raise SettingsError(f"{name} is not installed; run pip install '.[serve]'") from error


def _size_of(package: Distribution) -> int:
    paths = (Path(str(file.locate())) for file in package.files or ())
    return sum(path.stat().st_size for path in paths if path.is_file())


def _size_of_folder(folder: Path) -> int:
    return sum(path.stat().st_size for path in _files(folder))


def _files(folder: Path) -> list[Path]:
    return [p for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts]


def _megabytes(size: int) -> float:
    return round(size / 1e6, 1)
