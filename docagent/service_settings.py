"""Settings of what keeps documents and works on them behind the doors: the store and its jobs."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr

from docagent.document import Frozen


class StoreSettings(Frozen):
    """Where documents, results and everything else is kept."""

    folder: Path | None = Field(
        default=None,
        description="Folder of the database and the files, unless store.url and store.files name "
        "others; by default the user's data folder, such as ~/.local/share/docagent.",
    )
    url: SecretStr = Field(
        default=SecretStr(""),
        description="Database: sqlite:///PATH, or postgresql://USER:PASSWORD@HOST/DATABASE; by "
        "default the file docagent.db in store.folder.",
    )
    files: str = Field(
        default="",
        description="Folder of the documents' files, a path or a URL that fsspec knows, such as "
        "s3://BUCKET/FOLDER; by default the folder files in store.folder.",
    )
    key: SecretStr = Field(
        default=SecretStr(""),
        description="Key that the store is encrypted with, 64 hexadecimal digits (`openssl rand "
        "-hex 32`); an SQLite database is encrypted as a whole, of a PostgreSQL database the "
        "files. Empty: nothing is encrypted.",
    )
    retention_days: int = Field(
        default=0,
        ge=0,
        description="Days after which a document is deleted with everything made of it; 0 keeps "
        "documents until they are deleted.",
    )


class JobSettings(Frozen):
    """How jobs wait, run and are tried again."""

    waiting: int = Field(
        default=1000,
        ge=1,
        description="Most jobs that wait at the same time; another one is refused.",
    )
    attempts: int = Field(
        default=3,
        ge=1,
        le=20,
        description="How often a job is started before it counts as failed: after a failure that "
        "may pass, and after its worker was lost.",
    )
    lease: float = Field(
        default=30.0,
        ge=1,
        description="Seconds after which a job is taken from a worker that gives no sign of life; "
        "a worker gives one four times as often.",
    )
    poll: float = Field(
        default=0.1,
        ge=0.01,
        le=60,
        description="Seconds between two looks of an idle worker at the waiting jobs.",
    )
