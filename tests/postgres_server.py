"""A PostgreSQL server for tests, in a folder of its own, reached through a socket in it."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

DEBIAN = Path("/usr/lib/postgresql")
"""Where Debian's packages put the programs, one folder a version."""

_PROGRAMS = ("initdb", "postgres", "pg_isready", "psql")
_USERS = ("postgres", "nobody")
_numbers = count(1)


def find_programs() -> Path | None:
    """The folder of the server's programs, the newest version; None where it is not installed."""
    versions = sorted(DEBIAN.glob("*/bin"), key=lambda path: int(path.parent.name))
    on_path = (Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep))
    for folder in (*reversed(versions), *on_path):
        if all((folder / name).is_file() for name in _PROGRAMS):
            return folder
    return None


class Server:
    """A running server. It accepts connections of everyone who can see its folder."""

    def __init__(self, programs: Path, folder: Path, user: str) -> None:
        self._programs = programs
        self._folder = folder
        self._user = user

    def new_database(self, like: str = "template0") -> str:
        """The URL of a new database, a copy of the one named."""
        name = f"test_{next(_numbers)}"
        self.execute("postgres", f"CREATE DATABASE {name} LOCALE 'C.UTF-8' TEMPLATE {like}")
        return self.url(name)

    def drop(self, url: str) -> None:
        """Delete a database, whoever is connected to it."""
        name = url.partition("?")[0].rpartition("/")[2]
        self.execute("postgres", f"DROP DATABASE {name} WITH (FORCE)")

    def url(self, name: str) -> str:
        """The URL of a database."""
        return f"postgresql://{self._user}@/{name}?host={self._folder}"

    def execute(self, database: str, statement: str) -> str:
        """Run SQL; returns what psql prints."""
        command = ["psql", "-h", str(self._folder), "-U", self._user, "-d", database, "-Atqc"]
        command[0] = str(self._programs / "psql")
        return subprocess.run(
            [*command, statement], check=True, capture_output=True, text=True
        ).stdout


@contextmanager
def running_server(programs: Path) -> Iterator[Server]:
    """A server that ends with the block. PostgreSQL refuses to run as root, so that root starts it
    as another user."""
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    is_root = os.geteuid() == 0
    user = _ordinary_user() if is_root else pwd.getpwuid(os.geteuid()).pw_name
    given = {"user": user, "group": pwd.getpwnam(user).pw_gid} if is_root else {}
    if is_root:
        shutil.chown(folder, user)
    folder.chmod(0o700)
    data = folder / "data"
    process = None
    try:
        initdb = [programs / "initdb", "-D", data, "-U", user, "-A", "trust", "-E", "UTF8", "-N"]
        subprocess.run(initdb, check=True, capture_output=True, cwd=folder, **given)
        options = {"listen_addresses": "", "unix_socket_directories": str(folder)}
        options |= {"fsync": "off", "max_connections": "60", "shared_buffers": "32MB"}
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        process = subprocess.Popen(
            [programs / "postgres", "-D", data, *settings],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **given,
        )
        ready = [programs / "pg_isready", "-h", folder, "-q", "-t", "1"]
        for _ in range(60):
            if subprocess.run(ready, check=False).returncode == 0:
                break
            subprocess.run(["sleep", "0.2"], check=True)
        yield Server(programs, folder, user)
    finally:
        if process is not None:
            process.send_signal(signal.SIGQUIT)  # at once: what it would save is deleted
            process.wait(timeout=30)
        shutil.rmtree(folder)


def _ordinary_user() -> str:
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in _USERS if name in names)
