"""Encryption of files: AES-256-GCM in chunks, with a random key for each file.

The key of a file is stored encrypted ("wrapped") with a key that is derived from the store's. Who
deletes the wrapped key has destroyed the file, copies in back-ups included.

A file is ``MAGIC`` followed by chunks of ``CHUNK`` bytes, each encrypted with a tag of 16 bytes.
The nonce of a chunk is its index; the authenticated data are the file's name and whether the chunk
is the last. Chunks cannot be swapped, left out, cut off or moved to another file unnoticed. (The
construction is STREAM: Hoang, Reyhanitabar, Rogaway, Vizár, "Online Authenticated-Encryption and
its Nonce-Reuse Misuse-Resistance", 2015.)
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from collections.abc import Iterator
from typing import IO

from docagent.errors import MissingExtraError, SettingsError, StoreError

MAGIC = b"docagent-1\n"
CHUNK = 2**20
_TAG = 16
_NONCE = 12
_KEY = 32
_HEX_KEY = re.compile(r"[0-9a-fA-F]{64}")


class Secrets:
    """What is derived from the store's key: the database's key, and that which wraps others."""

    def __init__(self, key: str) -> None:
        """key: 64 hexadecimal digits. Raises SettingsError for anything else, and
        MissingExtraError without the extra for encryption."""
        if not _HEX_KEY.fullmatch(key):
            raise SettingsError(
                "DOCAGENT_STORE_KEY is not 64 hexadecimal digits; make one with `openssl rand -hex "
                "32` and keep it safe: without it the store cannot be read"
            )
        try:
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        except ImportError as error:
            raise MissingExtraError("An encrypted store", "encryption") from error
        self._cipher = AESGCM
        self._master = bytes.fromhex(key)
        self._wrapping = AESGCM(self._derive("wrap"))

    @property
    def database_key(self) -> str:
        """Key of the database, 64 hexadecimal digits."""
        return self._derive("database").hex()

    @property
    def audit_key(self) -> bytes:
        """Key of the audit log's hashes, 32 bytes."""
        return self._derive("audit")

    def file_name(self, content_id: str) -> str:
        """A name that does not tell the hash of the content, so that nobody who only sees the
        files can look for a known one; 64 hexadecimal digits."""
        return hmac.new(self._derive("name"), content_id.encode(), hashlib.sha256).hexdigest()

    def new_file_key(self, name: str) -> tuple[bytes, bytes]:
        """A random key for the file ``name``: plain and wrapped."""
        key, nonce = os.urandom(_KEY), os.urandom(_NONCE)
        return key, nonce + self._wrapping.encrypt(nonce, key, name.encode())

    def unwrap(self, wrapped: bytes, name: str) -> bytes:
        """The key of the file ``name``. Raises StoreError if it was wrapped with another key."""
        from cryptography.exceptions import InvalidTag

        try:
            return self._wrapping.decrypt(wrapped[:_NONCE], wrapped[_NONCE:], name.encode())
        except InvalidTag as error:
            raise StoreError(
                f"the file {name} is encrypted with another key; set DOCAGENT_STORE_KEY to the key "
                "it was stored with",
                "locked",
            ) from error

    def encrypt(self, source: IO[bytes], target: IO[bytes], key: bytes, name: str) -> None:
        """Write ``source`` to ``target``, encrypted with the file's own key."""
        cipher = self._cipher(key)
        target.write(MAGIC)
        for index, (chunk, is_last) in enumerate(_chunks(source, CHUNK)):
            target.write(cipher.encrypt(_nonce(index), chunk, _bound(name, is_last)))

    def decrypt(self, source: IO[bytes], key: bytes, name: str) -> Iterator[bytes]:
        """The chunks of a file, each of which is genuine. Raises StoreError for one that is not,
        and at the end of a file that was cut short."""
        from cryptography.exceptions import InvalidTag

        cipher = self._cipher(key)
        try:
            if source.read(len(MAGIC)) != MAGIC:
                raise InvalidTag
            for index, (chunk, is_last) in enumerate(_chunks(source, CHUNK + _TAG)):
                yield cipher.decrypt(_nonce(index), chunk, _bound(name, is_last))
        except InvalidTag as error:
            raise StoreError(
                f"the file {name} was changed or cut short; restore it from a back-up", "damaged"
            ) from error

    def _derive(self, purpose: str) -> bytes:
        """A key for one purpose (HKDF-Expand of RFC 5869 with one block; the store's key is random
        already, so that nothing has to be extracted)."""
        info = f"docagent {purpose}".encode() + b"\x01"
        return hmac.new(self._master, info, hashlib.sha256).digest()


def _nonce(index: int) -> bytes:
    return index.to_bytes(_NONCE, "big")


def _bound(name: str, is_last: bool) -> bytes:
    return f"{name}:{'last' if is_last else 'more'}".encode()


def _chunks(source: IO[bytes], size: int) -> Iterator[tuple[bytes, bool]]:
    """Chunks of a file, and whether each is the last; an empty file has one, which is empty."""
    chunk = source.read(size)
    while True:
        following = source.read(size)
        yield chunk, not following
        if not following:
            return
        chunk = following
