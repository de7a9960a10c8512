"""Signals that end a training after the step it is in."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType


class Stopper:
    """Within it, SIGINT and SIGTERM are noted in ``signal`` rather than ending the process.

    A second signal raises KeyboardInterrupt. Outside of the main thread, where Python delivers no
    signals, nothing is changed.
    """

    def __init__(self) -> None:
        self.signal = 0

    def __enter__(self) -> Stopper:
        self._before = {}
        if threading.current_thread() is threading.main_thread():
            kinds = (signal.SIGINT, signal.SIGTERM)
            self._before = {kind: signal.signal(kind, self._note) for kind in kinds}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.signal:  # asked twice: do not wait for the step to end
            raise KeyboardInterrupt
        self.signal = number
