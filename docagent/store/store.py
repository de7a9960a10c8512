"""The store: everything that is kept, for all owners (``Store``) and for one (``Library``)."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import platformdirs
from sqlalchemy import select, tuple_

from docagent.errors import StoreError
from docagent.settings import Settings
from docagent.store.audit import Audit
from docagent.store.chats import Chats
from docagent.store.database import Database
from docagent.store.deletion import Deletion
from docagent.store.documents import Documents
from docagent.store.encryption import Secrets
from docagent.store.files import Files
from docagent.store.jobs import Jobs, to_job
from docagent.store.keys import Keys
from docagent.store.leases import Leases
from docagent.store.results import Results
from docagent.store.schemas import Schemas
from docagent.store.search import search
from docagent.store.tables import documents, jobs
from docagent.store.types import LOCAL, Hit, Job
from docagent.store.upgrade import upgrade
from docagent.store.webhooks import Outbox, Webhooks

DATABASE_FILE = "docagent.db"
FILES_FOLDER = "files"


class Library:
    """Everything that one owner has. Nothing of another owner can be reached through it: what he
    does not have is ``store.missing``, whether or not somebody else has it."""

    def __init__(self, store: Store, owner: str) -> None:
        database, audit = store.database, store.audit
        self.owner = owner
        self.documents = Documents(database, store.files, audit, owner)
        self.results = Results(database, audit, owner)
        self.chats = Chats(database, owner)
        self.schemas = Schemas(database, owner)
        self.jobs = Jobs(database, store.settings.jobs.waiting, owner)
        self.webhooks = Webhooks(database, audit, owner)
        self._database = database

    def search(self, query: str, *, document_id: str = "", limit: int = 20) -> list[Hit]:
        """The pages with all words and phrases of a query, best first.

        query: words, and phrases in double quotes; the last word of each may be only its beginning;
        case and accents do not matter. document_id: of the only document to search. limit: 1 to
        1000. Raises StoreError for a query without words.
        """
        return search(self._database, self.owner, query, document_id, limit)


class Store:
    """The database and the files. May be used by several threads; each process opens its own.

    keys, audit, deletion, outbox, leases: what concerns all owners. ``library`` gives what one
    owner has.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        """Open the store that the settings name, and make it or bring its tables up to date if
        need be. Raises SettingsError for wrong settings, MissingExtraError for a driver that is
        not installed, StoreError if the store cannot be reached or has another key."""
        self.settings = settings or Settings()
        given = self.settings.store
        key = given.key.get_secret_value()
        secrets = Secrets(key) if key else None
        self.database = Database(given.url.get_secret_value() or self._default_url(), secrets)
        self.files = Files(given.files or str(self._folder() / FILES_FOLDER), secrets)
        try:
            upgrade(self.database)
        except BaseException:
            self.database.close()
            raise
        self.audit = Audit(self.database, secrets)
        self.keys = Keys(self.database, self.audit)
        self.deletion = Deletion(self.database, self.files, self.audit)
        self.outbox = Outbox(self.database)
        self.leases = Leases(self.database, self.settings.jobs)

    def library(self, owner: str = LOCAL) -> Library:
        """What one owner has. owner: ``Key.owner``, or ``LOCAL`` without a key."""
        return Library(self, owner)

    def owners(self) -> tuple[str, ...]:
        """The names of all who have documents."""
        query = select(documents.c.owner).distinct().order_by(documents.c.owner)
        with self.database.read() as connection:
            return tuple(connection.execute(query).scalars())

    def find_jobs(self, keys: Collection[tuple[str, str]]) -> tuple[Job, ...]:
        """The jobs with these owners and ids, for whoever waits for several; those that are gone
        are left out."""
        query = select(jobs).where(tuple_(jobs.c.owner, jobs.c.id).in_(keys))
        with self.database.read() as connection:
            return tuple(map(to_job, connection.execute(query)))

    def retain(self) -> int:
        """Delete the documents that are older than ``store.retention_days``, and files that
        processes which died have left; returns how many documents. Call it now and then."""
        days = self.settings.store.retention_days
        deleted = self.deletion.delete_older(days, "retention") if days else 0
        self.deletion.sweep()
        return deleted

    def check(self) -> None:
        """Raises StoreError if the database cannot be reached."""
        with self.database.read() as connection:
            connection.execute(select(1))

    def close(self) -> None:
        """Close the connections to the database."""
        self.database.close()

    def _default_url(self) -> str:
        folder = self._folder()
        try:
            # Nobody else on the machine may look into it.
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            problem = f"the folder of the store, {folder}, cannot be made: {error.strerror}"
            raise StoreError(f"{problem}; set DOCAGENT_STORE_FOLDER", "unavailable") from error
        return f"sqlite:///{folder / DATABASE_FILE}"

    def _folder(self) -> Path:
        given = self.settings.store.folder
        return (given or Path(platformdirs.user_data_dir("docagent", False))).absolute()
