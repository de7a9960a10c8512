"""Opening a store: its tables, its errors, several processes and threads at once."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

import docagent.store as package
from docagent.errors import SettingsError, StoreError
from docagent.settings import Settings
from docagent.store import open_store
from docagent.store.tables import metadata
from docagent.store.upgrade import HEAD
from tests.postgres_server import Server
from tests.stores import read_document, store_settings


class TestTables:
    def test_the_migrations_make_the_tables(self, stored_settings: Settings) -> None:
        store = open_store(stored_settings)
        with store.database.read() as connection:
            context = MigrationContext.configure(
                connection, opts={"include_object": _is_ours, "compare_type": True}
            )
            assert compare_metadata(context, metadata) == []
        store.close()

    def test_the_last_migration_is_known(self) -> None:
        config = Config()
        folder = Path(package.__file__).parent / "migrations"
        config.set_main_option("script_location", str(folder))
        assert ScriptDirectory.from_config(config).get_current_head() == HEAD

    def test_tables_of_a_newer_version_are_left_alone(self, stored_settings: Settings) -> None:
        store = open_store(stored_settings)
        with store.database.write() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        with pytest.raises(StoreError, match="a newer version of docagent") as caught:
            open_store(stored_settings)
        assert caught.value.code == "store.newer"
        store.close()

    @pytest.mark.parametrize(
        "database", ["sqlite", "encrypted", pytest.param("postgres", marks=pytest.mark.postgres)]
    )
    def test_processes_that_start_together_make_one_store(
        self, request: pytest.FixtureRequest, tmp_path: Path, database: str
    ) -> None:
        url = ""
        if database == "postgres":
            server: Server = request.getfixturevalue("postgres")
            url = server.new_database()
        settings = store_settings(database, tmp_path, url)

        def add(owner: str) -> str:
            store = open_store(settings)
            document = store.library(owner).documents.add(b"file")[0].id
            store.close()
            return document

        with ThreadPoolExecutor(4) as pool:
            assert len(set(pool.map(add, "abcd"))) == 1
        store = open_store(settings)
        assert store.owners() == ("a", "b", "c", "d") and store.audit.first_broken() is None
        store.close()


def _is_ours(thing: object, name: str | None, kind: str, reflected: bool, other: object) -> bool:
    """Whether a table or index is one that ``tables`` describes; the search index is not."""
    return not (name or "").startswith("page_search")


class TestErrors:
    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({"store_url": "nonsense"}, "not the address of a database"),
            ({"store_url": "mysql://u:secret@h/d"}, "mysql: that database is not supported"),
            ({"store_url": "sqlite://"}, "sqlite: that database is not supported"),
            ({"store_files": "nonsense://x"}, "DOCAGENT_STORE_FILES='nonsense://x' cannot be used"),
        ],
    )
    def test_wrong_settings_are_named(
        self, tmp_path: Path, settings: dict[str, str], message: str
    ) -> None:
        with pytest.raises(SettingsError, match=message) as caught:
            open_store(Settings(store_folder=tmp_path, **settings))
        assert "secret" not in str(caught.value)

    def test_a_database_that_is_not_there_is_named_without_its_password(self) -> None:
        url = "postgresql://user:secret@127.0.0.1:1/nothing"
        with pytest.raises(StoreError, match=r"127\.0\.0\.1:1/nothing cannot be used") as caught:
            open_store(Settings(store_url=url))
        assert caught.value.code == "store.unavailable" and caught.value.retryable
        assert "secret" not in str(caught.value)

    def test_a_folder_that_is_not_there_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(StoreError, match=r"no/such/x\.db cannot be used") as caught:
            open_store(Settings(store_url=f"sqlite:///{tmp_path}/no/such/x.db"))
        assert caught.value.code == "store.unavailable"

    def test_a_folder_that_cannot_be_made_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_bytes(b"")
        with pytest.raises(StoreError, match="cannot be made") as caught:
            open_store(Settings(store_folder=tmp_path / "file" / "store"))
        assert caught.value.code == "store.unavailable"

    def test_another_file_is_not_taken_for_a_database(self, tmp_path: Path) -> None:
        (tmp_path / "docagent.db").write_bytes(b"something else " * 1000)
        with pytest.raises(StoreError, match="is no database of docagent"):
            open_store(Settings(store_folder=tmp_path))

    def test_a_database_that_went_away_can_be_tried_again(self, stored_settings: Settings) -> None:
        store = open_store(stored_settings)
        store.check()
        with store.database.write() as connection:
            connection.execute(text("DROP TABLE audit"))
        store.close()
        store.check()  # connections are opened again
        store.close()


class TestDefaults:
    def test_the_store_is_in_the_users_data_folder(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
        store = open_store()
        store.library().documents.add(b"file")
        names = {path.name for path in tmp_path.rglob("*") if path.is_file()}
        assert "docagent.db" in names and any(n.startswith(FILE_ID) for n in names)
        store.close()

    def test_files_can_be_anywhere_that_fsspec_knows(self, tmp_path: Path) -> None:
        store = open_store(Settings(store_folder=tmp_path, store_files="memory://docagent"))
        document = store.library().documents.add(b"file")[0].id
        assert store.library().documents.content(document) == b"file"
        assert not (tmp_path / "files").exists()
        store.retain()
        store.library().documents.delete(document)
        store.close()


FILE_ID = hashlib.sha256(b"file").hexdigest()


class TestThreads:
    def test_one_file_may_be_added_and_deleted_by_many(self, stored_settings: Settings) -> None:
        store = open_store(stored_settings)

        def change(owner: str) -> None:
            documents = store.library(owner).documents
            for _ in range(8):
                documents.add(b"file")
                assert documents.content(FILE_ID) == b"file"
                documents.save_reading(read_document(FILE_ID, "words"))
                documents.delete(FILE_ID)
            documents.add(b"file")

        with ThreadPoolExecutor(3) as pool:
            list(pool.map(change, "abc"))
        for owner in "abc":
            assert store.library(owner).documents.content(FILE_ID) == b"file"
        assert store.audit.first_broken() is None
        with store.database.read() as connection:
            assert connection.execute(text("SELECT count(*) FROM contents")).scalar() == 1
        store.close()


class TestWithoutTheExtra:
    """As after ``pip install docagent`` alone."""

    BLOCK = """
import sys
from importlib.machinery import PathFinder
find = PathFinder.find_spec
PathFinder.find_spec = lambda name, *others: (
    None if name.partition(".")[0] in {names!r} else find(name, *others)
)
"""
    SERVE = ("sqlalchemy", "alembic", "fsspec", "platformdirs")

    @pytest.mark.parametrize(
        ("names", "statement", "extra"),
        [
            (SERVE, "from docagent.store import open_store; open_store()", "serve"),
            (("sqlcipher3",), "{open}(Settings(store_folder={folder!r}, store_key='a0'*32))", "e"),
            (
                ("cryptography",),
                "{open}(Settings(store_folder={folder!r}, store_key='a0'*32))",
                "e",
            ),
            (("psycopg",), "{open}(Settings(store_url='postgresql://h/d'))", "postgres"),
        ],
    )
    def test_the_extra_is_named(
        self, tmp_path: Path, names: tuple[str, ...], statement: str, extra: str
    ) -> None:
        opening = "from docagent import Settings; from docagent.store import open_store; open_store"
        code = statement.format(open=opening, folder=str(tmp_path))
        done = self.run(names, code)
        expected = "encryption" if extra == "e" else extra
        assert f"needs the '{expected}' extra" in done.stderr and "MissingExtra" in done.stderr

    @pytest.mark.parametrize("command", ["documents list", "worker"])
    def test_commands_say_what_to_install(self, command: str) -> None:
        code = f"from docagent.cli import main; sys.exit(main({command.split()!r}))"
        done = self.run(self.SERVE, code)
        assert done.returncode == 2
        assert done.stderr.startswith("docagent: ") and "'serve' extra" in done.stderr

    def test_the_rest_works(self) -> None:
        code = "from docagent.cli import main; sys.exit(main(['schemas']))"
        assert self.run((*self.SERVE, "cryptography", "psycopg"), code).returncode == 0

    def run(self, names: tuple[str, ...], code: str) -> subprocess.CompletedProcess[str]:
        blocked = self.BLOCK.format(names=set(names))
        command = [sys.executable, "-c", blocked + code]
        return subprocess.run(command, capture_output=True, text=True, env={**os.environ})
