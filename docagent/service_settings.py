"""Settings of what keeps documents and works on them behind the doors: the store and its jobs."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

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
    seconds: float = Field(
        default=1800.0,
        gt=0,
        description="Seconds that one job may run; a worker that takes longer is ended, and the "
        "job counts as failed.",
    )
    poll: float = Field(
        default=0.1,
        ge=0.01,
        le=60,
        description="Seconds between two looks of an idle worker at the waiting jobs.",
    )


class ServeSettings(Frozen):
    """How ``docagent serve`` answers."""

    host: str = Field(
        default="127.0.0.1",
        min_length=1,
        description="Address to listen on; any other than this machine's own (loopback) needs a "
        "key first.",
    )
    port: int = Field(default=8100, ge=0, le=65535, description="Port to listen on; 0 for any.")
    workers: int = Field(
        default=2, ge=1, le=64, description="Processes that run jobs; each loads the models."
    )
    hosts: str = Field(
        default="",
        description="Names that callers use for the server, separated by commas, besides this "
        "machine's own; requests for other names are refused.",
    )
    public_url: str = Field(
        default="",
        pattern=r"^(https?://\S+[^/\s])?$",
        description="Address of the server in links that others open, such as "
        "https://docs.example.com; by default that of the request.",
    )
    wait: float = Field(
        default=60.0,
        ge=0,
        le=600,
        description="Seconds that a request waits for its result before the answer is a job, "
        "unless it says how long itself (Prefer: wait=N).",
    )
    rate: int = Field(
        default=600, ge=1, description="Most requests a minute of each owner of keys."
    )
    guesses: int = Field(
        default=30,
        ge=1,
        description="Wrong keys a minute from one address; further requests with one are answered "
        "with 429.",
    )
    upload_seconds: float = Field(
        default=120.0, gt=0, description="Seconds in which the body of a request must arrive."
    )
    poll: float = Field(
        default=1.0,
        ge=0.01,
        le=60,
        description="Seconds between two looks at jobs that requests wait for, and of its idle "
        "workers at the waiting jobs; the server and its own workers tell each other at once.",
    )
    webhook_networks: str = Field(
        default="",
        description="Private networks that webhooks may be in, separated by commas, such as "
        "10.0.0.0/8; by default none.",
    )
    webhook_retry: float = Field(
        default=5.0,
        gt=0,
        description="Seconds before a delivery to a webhook is tried a second time; each further "
        "wait is five times as long.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least level of the lines that are logged."
    )
