"""``docagent keys create | list | revoke``: the keys of the server's callers."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from docagent.errors import SettingsError
from docagent.settings import Settings
from docagent.store import Key, Scope, open_store
from docagent.store.store import Store

USUAL: tuple[Scope, ...] = ("read", "write", "review")
_MAX_DAYS = 36_500.0


def run_create(args: argparse.Namespace) -> int:
    """Makes a key and prints its secret."""
    expires = None
    if args.days is not None:
        if not 0 < args.days <= _MAX_DAYS:
            raise SettingsError(f"--days {args.days:g}: give a number between 0 and 36500")
        expires = datetime.now(UTC) + timedelta(days=args.days)
    with _store() as store:
        scopes = tuple(args.scope or USUAL)
        key, secret = store.keys.create(args.owner or args.name, args.name, scopes, expires)
    if args.json:
        print(key.model_dump_json()[:-1] + f',"secret":"{secret}"}}')
    else:
        print(secret)
    return 0


def run_list(args: argparse.Namespace) -> int:
    """Prints all keys, oldest first."""
    with _store() as store:
        keys = store.keys.list()
    for key in keys:
        print(key.model_dump_json() if args.json else _line(key))
    return 0


def run_revoke(args: argparse.Namespace) -> int:
    """Withdraws a key."""
    with _store() as store:
        key = store.keys.revoke(args.key)
    print(key.model_dump_json() if args.json else _line(key))
    return 0


def _line(key: Key) -> str:
    state = "valid"
    if key.revoked is not None:
        state = f"revoked {key.revoked:%Y-%m-%d}"
    elif key.expires is not None:
        is_over = key.expires <= datetime.now(UTC)
        state = f"{'expired' if is_over else 'expires'} {key.expires:%Y-%m-%d}"
    return f"{key.id}  {key.name}  owner {key.owner}  {','.join(key.scopes)}  {state}"


@contextmanager
def _store() -> Iterator[Store]:
    store = open_store(Settings.from_env())
    try:
        yield store
    finally:
        store.close()
