"""Settings for the whole suite, and what several modules of tests are given."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from hypothesis import settings
from PIL import Image

from docagent.settings import Settings
from docagent.store import open_store
from tests.api_server import ApiServer
from tests.postgres_server import Server, find_programs, running_server
from tests.stores import EMBEDDED, store_settings

# Times on a shared machine say nothing about the code; pytest shows slow tests with --durations.
settings.register_profile("docagent", deadline=None)
settings.load_profile("docagent")


@pytest.fixture
def labelled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny copy of the layout of the labelled sets, made here."""
    monkeypatch.setenv("DOCAGENT_DATA", str(tmp_path))
    funsd, sroie = tmp_path / "funsd/dev", tmp_path / "sroie/dev"
    for folder in ("images", "annotations"):
        (funsd / folder).mkdir(parents=True)
    for folder in ("img", "box", "key"):
        (sroie / folder).mkdir(parents=True)
    Image.new("L", (100, 80), 255).save(funsd / "images/f.png")
    words = [{"box": [1, 2, 11, 12], "text": "Hi"}, {"box": [0, 0, 1, 1], "text": " "}]
    (funsd / "annotations/f.json").write_text(json.dumps({"form": [{"words": words}]}))
    Image.new("L", (100, 80), 255).save(sroie / "img/s.jpg")
    (sroie / "box/s.csv").write_text("10,5,50,6,50,15,10,14,A, B\n\n1,1,2,1,2,2,1,2, \n")
    (sroie / "key/s.json").write_text('{"company": "A", "date": "", "total": "5.00"}')
    nda = tmp_path / "kleister-nda/dev"
    nda.mkdir(parents=True)
    entry = {"file": "n.pdf", "expected": {"party": ["A_Inc.", "B"]}}
    (nda / "expected.json").write_text(json.dumps([entry]))
    bln = tmp_path / "bln600/dev"
    bln.mkdir(parents=True)
    (bln / "pairs.csv").write_text('Sample ID,OCR Text,Ground Truth\n1,"a, b",a\n', "utf-8-sig")
    return tmp_path


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server; the tests that need it are skipped where it is not installed."""
    programs = find_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt install postgresql)")
    with running_server(programs) as server:
        yield server


@pytest.fixture(scope="session")
def empty_stores(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an empty store of each kind in SQLite: copies are faster than migrations."""
    folder = tmp_path_factory.mktemp("stores")
    for kind in EMBEDDED:
        open_store(store_settings(kind, folder / kind)).close()
    return folder


@pytest.fixture(scope="session")
def empty_database(postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of an empty store's database in PostgreSQL."""
    url = postgres.new_database()
    open_store(store_settings("postgres", tmp_path_factory.mktemp("store"), url)).close()
    return url.partition("?")[0].rpartition("/")[2]


@pytest.fixture(
    params=[*EMBEDDED, pytest.param("postgres", marks=pytest.mark.postgres)],
)
def stored_settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """Settings of an empty store, in each of the databases."""
    folder = tmp_path / "store"
    if request.param != "postgres":
        shutil.copytree(request.getfixturevalue("empty_stores") / request.param, folder)
        yield store_settings(request.param, folder)
        return
    server: Server = request.getfixturevalue("postgres")
    url = server.new_database(like=request.getfixturevalue("empty_database"))
    yield store_settings("postgres", folder, url)
    server.drop(url)


@pytest.fixture(scope="session")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """A server that needs keys; it logs everything and serves all tests of the session."""
    folder = tmp_path_factory.mktemp("api")
    with ApiServer(folder, "--require-key") as server:
        yield server


@pytest.fixture(scope="session")
def anna(api: ApiServer) -> Iterator[httpx2.Client]:
    """A client of that server with a key."""
    with api.client("anna") as client:
        yield client
