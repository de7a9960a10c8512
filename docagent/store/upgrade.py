"""Makes the tables, and brings those of an older version up to date."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from docagent.errors import StoreError
from docagent.store.database import Database, lock_for_migration

HEAD = "0001"
"""The migration that this version of docagent needs."""

_VERSION = "SELECT version_num FROM alembic_version"


def upgrade(database: Database) -> None:
    """Run the migrations that are missing, in one transaction; processes that start together wait
    for the first. Raises StoreError for a database of a newer version."""
    with database.read() as connection:
        if _version(connection) == HEAD:
            return
    with database.write() as connection:
        lock_for_migration(connection)
        found = _version(connection)
        if found == HEAD:
            return
        if found is not None and found > HEAD:
            raise StoreError(
                f"{database.place} was made by a newer version of docagent (its tables have version"
                f" {found}, this one knows {HEAD}); install that version",
                "newer",
            )
        _migrate(connection)


def _version(connection: Connection) -> str | None:
    """The last migration that was run; None for a database without tables."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text(_VERSION)).scalar()
    return found


def _migrate(connection: Connection) -> None:
    from alembic import command  # takes 0.2 seconds to import, and is seldom needed
    from alembic.config import Config

    config = Config()
    folder = Path(__file__).parent / "migrations"
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
