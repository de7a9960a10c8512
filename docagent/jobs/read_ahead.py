"""Inputs of one page are read before their turn, side by side, while results stay in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType

from docagent.agent import DocAgent
from docagent.jobs.inputs import Input
from docagent.sources.scan import Scan


class ReadAhead:
    """Gives the scans of inputs in their order. The agent reads inputs of one page ahead, as many
    at once as it has threads; it reads the pages of longer ones side by side in their turn.

    skip: whether an input will not be asked for. opening: opens a source. Inputs without a path
    wait for their turn.
    """

    def __init__(
        self,
        agent: DocAgent,
        inputs: Iterable[Input],
        skip: Callable[[Input], bool],
        opening: Callable[[Path | bytes], Scan],
    ) -> None:
        rest = [item for item in inputs if item.path is not None]
        self._agent, self._skip, self._open = agent, skip, opening
        self._workers = agent.side_by_side(len(rest))
        self._pool = ThreadPoolExecutor(self._workers) if self._workers > 1 else None
        self._rest = iter(rest)
        self._waiting: dict[Input, Future[Scan]] = {}

    def __enter__(self) -> ReadAhead:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._pool is not None:
            # A batch that is stopped does not wait for the rest of it.
            self._pool.shutdown(wait=False, cancel_futures=True)

    def scan(self, item: Input) -> Scan:
        """The scan of an input. Raises what loading it, or reading it ahead, raises."""
        if item not in self._waiting:
            self._fill()
        found = self._waiting.pop(item, None)
        if found is None:
            return self._open(item.source())
        self._fill()
        return found.result()

    def _fill(self) -> None:
        while self._pool is not None and len(self._waiting) < self._workers:
            item = next((item for item in self._rest if not self._skip(item)), None)
            if item is None:
                return
            self._waiting[item] = self._pool.submit(self._read, item)

    def _read(self, item: Input) -> Scan:
        scan = self._open(item.source())
        if len(scan.pages) == 1:
            self._agent.read_beside(scan)
        return scan
