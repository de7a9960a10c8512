"""What all routes share: the store, the agent, the limits and what is counted."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

from fastapi import Request

from docagent.agent import DocAgent
from docagent.api.addresses import Network
from docagent.api.metrics import Metrics
from docagent.api.pictures import PictureCache
from docagent.api.rates import RateLimit
from docagent.api.waiting import Watcher
from docagent.settings import Settings
from docagent.sources.scan import Scan, load
from docagent.store.store import Library, Store

MAX_CONVERSATIONS = 4
"""Questions answered at the same time; each takes a thread of the server."""
MAX_SCANS = 8
MAX_SCAN_BYTES = 200 * 2**20


class Scans:
    """The sources opened last, so that the pages of one document are drawn without fetching its
    file each time. May be used by several threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._scans: OrderedDict[tuple[str, str], tuple[Scan, int]] = OrderedDict()
        self._lock = Lock()

    def get(self, library: Library, document_id: str) -> Scan:
        """The source of a document. Raises StoreError if the owner has none with that id, and
        SourceError if it cannot be opened."""
        stored = library.documents.get(document_id)
        key = library.owner, document_id
        with self._lock:
            if key in self._scans:
                self._scans.move_to_end(key)
                return self._scans[key][0]
        scan = load(library.documents.content(document_id), self._settings, stored.name)
        with self._lock:
            self._scans[key] = (scan, stored.size)
            while len(self._scans) > MAX_SCANS or self._size() > MAX_SCAN_BYTES:
                self._scans.popitem(last=False)
        return scan

    def forget(self, owner: str, document_id: str) -> None:
        """Close the source of a document that was deleted."""
        with self._lock:
            self._scans.pop((owner, document_id), None)

    def _size(self) -> int:
        return sum(size for _, size in self._scans.values())


@dataclass
class Server:
    """One server. needs_keys: whether callers need a key. networks: private ones that webhooks may
    be in. wake: tells an idle worker that a job waits. check_workers: raises RequestError if none
    runs."""

    settings: Settings
    store: Store
    agent: DocAgent
    watcher: Watcher
    metrics: Metrics
    needs_keys: bool
    networks: tuple[Network, ...]
    wake: Callable[[], None]
    check_workers: Callable[[], None]
    rate: RateLimit = field(init=False)
    guesses: RateLimit = field(init=False)
    scans: Scans = field(init=False)
    pictures: PictureCache = field(default_factory=PictureCache)
    conversations: asyncio.Semaphore = field(init=False)

    def base_url(self, request: Request) -> str:
        """The address of the server for links that are sent to others, without a slash at the end;
        the name in the request is one that the server answers to."""
        return self.settings.serve.public_url or str(request.base_url).rstrip("/")

    def __post_init__(self) -> None:
        self.rate = RateLimit(self.settings.serve.rate)
        self.guesses = RateLimit(self.settings.serve.guesses)
        self.scans = Scans(self.settings)
        self.conversations = asyncio.Semaphore(MAX_CONVERSATIONS)
