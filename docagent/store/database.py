"""The connection to the database: SQLite, plain or encrypted, or PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, OperationalError

from docagent.errors import MissingExtraError, SettingsError, StoreError
from docagent.store.encryption import Secrets

BUSY_MS = 30_000
"""How long a writer waits for another one; SQLite has one writer at a time."""

_WRITES = "docagent_writes"

# The index keeps the words of deleted pages until it is rewritten, unless it was made by an SQLite
# (3.42 or newer) that can delete them at once.
_ERASES_WORDS = "SELECT v FROM page_search_config WHERE k = 'secure-delete'"
_ERASE_WORDS = "INSERT INTO page_search(page_search) VALUES('optimize')"


class Database:
    """Transactions that read or write. May be used by several threads."""

    def __init__(self, url: str, secrets: Secrets | None = None) -> None:
        """url: sqlite:///PATH or postgresql://... secrets: encrypt an SQLite database. Raises
        SettingsError for another URL, and MissingExtraError for a driver that is not installed."""
        parsed = _parse(url)
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        self.place = parsed.render_as_string(hide_password=True)
        if self.is_sqlite:
            self.engine = _sqlite(parsed, secrets)
        else:
            self.engine = _postgresql(parsed)
        self._writer = self.engine.execution_options(**{_WRITES: True})

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads; it sees one state of the database throughout."""
        with _explained(self.place), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that writes. In SQLite it holds the lock of the one writer from the start,
        so that it cannot fail half way because another one was faster."""
        with _explained(self.place), self._writer.begin() as connection:
            yield connection

    def erase_traces(self) -> None:
        """Overwrite what deleted rows leave behind in SQLite: words in the search index, and pages
        in the log of writes. PostgreSQL reuses their space with its next vacuum."""
        if not self.is_sqlite:
            return
        with self.write() as connection:
            if connection.execute(text(_ERASES_WORDS)).scalar() != 1:
                connection.execute(text(_ERASE_WORDS))
        with _explained(self.place), self.engine.connect() as connection:
            raw = connection.connection.cursor()
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            raw.close()

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise SettingsError(
            "DOCAGENT_STORE_URL is not the address of a database; give sqlite:///PATH or "
            "postgresql://USER:PASSWORD@HOST/DATABASE"
        ) from error
    if parsed.drivername in ("postgres", "postgresql"):
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername == "sqlite" and parsed.database:
        return parsed
    if parsed.drivername != "postgresql+psycopg":
        raise SettingsError(
            f"DOCAGENT_STORE_URL starts with {parsed.drivername}: that database is not supported; "
            "give sqlite:///PATH or postgresql://USER:PASSWORD@HOST/DATABASE"
        )
    return parsed


def _sqlite(url: URL, secrets: Secrets | None) -> Engine:
    module: dict[str, Any] = {}
    if secrets is not None:
        try:
            from sqlcipher3 import dbapi2
        except ImportError as error:
            raise MissingExtraError("An encrypted database", "encryption") from error
        module = {"module": dbapi2}
    engine = create_engine(url, connect_args={"timeout": BUSY_MS / 1000}, **module)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, record: Any) -> None:
        connection.isolation_level = None  # transactions are begun below, not by the driver
        cursor = connection.cursor()
        if secrets is not None:
            cursor.execute(f"PRAGMA key = \"x'{secrets.database_key}'\"")
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = NORMAL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA secure_delete = ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(_WRITES)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgresql(url: URL) -> Engine:
    try:
        return create_engine(url, pool_pre_ping=True)
    except ImportError as error:
        raise MissingExtraError("A PostgreSQL database", "postgres") from error


@contextmanager
def _explained(place: str) -> Iterator[None]:
    """Turns the database's errors of operation, and those of values that no database can hold, into
    StoreError; other errors are faults."""
    try:
        yield
    except (UnicodeEncodeError, DataError) as error:
        raise StoreError(
            "a value has characters that cannot be stored (a zero byte or half a surrogate pair), "
            "or is a number that is too large",
            "invalid",
        ) from error
    except DBAPIError as error:
        reason = str(error.orig).strip().splitlines()[0] if error.orig else str(error)
        if "not a database" in reason:
            raise StoreError(
                f"{place} is encrypted with another key, or is no database of docagent; set "
                "DOCAGENT_STORE_KEY to the key it was made with",
                "locked",
            ) from error
        if isinstance(error, OperationalError) or "malformed" in reason:
            raise StoreError(
                f"the database {place} cannot be used: {reason}; check that it is there, that it "
                "may be written and that its disk is not full",
                "unavailable",
            ) from error
        raise


def lock_for_migration(connection: Connection) -> None:
    """Let one process at a time change the tables; SQLite's writers do so anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(7305420179)"))


def lock_content(connection: Connection, content_id: str) -> None:
    """Let one transaction at a time add or delete a content; SQLite's writers do so anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended(:id, 0))"), {"id": content_id}
        )
