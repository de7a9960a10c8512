"""The store of loaded models (``MODELS``), which loads each file once per process, and the ONNX
networks that it holds."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from docagent.errors import ModelError
from docagent.forking import ForkLock, never_freed, renew_in_children

if TYPE_CHECKING:
    import onnxruntime as ort

# ONNX Runtime's telemetry is on by default: from its tenth second on it looks up a host and
# writes device files under the cache. Only this variable, set before the import, stops it;
# ``onnxruntime.disable_telemetry_events()`` does not.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

S = TypeVar("S")
T = TypeVar("T")

MAX_FORK_WAIT = 10.0
"""Seconds that a fork waits for a model that another thread is loading. A child that is forked
during the loading may find parts of the libraries locked."""


class ModelStore:
    """Loaded models, shared by all threads and agents of a process.

    The key of a model is the function that loads it and that function's arguments. A model is
    loaded at the first request, once, even if several threads request it at the same time. It is
    loaded again when a file among the arguments has changed. A forked child starts with an empty
    store.
    """

    def __init__(self) -> None:
        self._slots: dict[Hashable, _Slot] = {}
        self._held: list[ForkLock] = []
        renew_in_children(self)

    def get(self, load: Callable[..., T], *arguments: Hashable) -> T:
        """The result of the first ``load(*arguments)``.

        load: a function of a module; it must be the same object in each call. An exception that it
        raises is passed on, and the next call tries again.
        """
        absolute = tuple(a.absolute() if isinstance(a, Path) else a for a in arguments)
        key = (load, absolute)
        slot = self._slots.get(key) or self._slots.setdefault(key, _Slot())
        return cast(T, slot.get(partial(load, *arguments), tuple(map(_file_state, absolute))))

    def before_fork(self) -> None:
        """Wait for models that other threads are loading."""
        locks = [slot.lock for slot in tuple(self._slots.values())]
        self._held += [lock for lock in locks if lock.acquire(MAX_FORK_WAIT)]

    def after_fork_in_parent(self) -> None:
        """Release the locks that ``before_fork`` took."""
        while self._held:
            self._held.pop().release()

    def after_fork(self) -> None:
        """In a forked child, forget everything that the parent loaded."""
        never_freed(self._slots)
        self._slots, self._held = {}, []


class _Slot:
    """One model, with the state of its files at the time it was loaded."""

    def __init__(self) -> None:
        self.lock = ForkLock()
        self._loaded: tuple[object, object] | None = None

    def get(self, load: Callable[[], object], state: object) -> object:
        loaded = self._loaded
        if loaded is None or loaded[0] != state:
            with self.lock:
                loaded = self._loaded
                if loaded is None or loaded[0] != state:
                    self._loaded = loaded = (state, load())
        return loaded[1]


def _file_state(argument: Hashable) -> tuple[int, int] | None:
    """Modification time (ns) and size (bytes) of a file; None if the argument is not a file."""
    if not isinstance(argument, Path):
        return None
    try:
        status = argument.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


MODELS = ModelStore()
"""The store of this process."""

if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(before=MODELS.before_fork, after_in_parent=MODELS.after_fork_in_parent)


class Network:
    """An ONNX network on the CPU, safe in several threads.

    All networks of one file and thread count share one session. A network can be pickled, and used
    in a forked child; the other process opens its own session. Raises ModelError naming the file
    if it cannot be used.
    """

    def __init__(self, weights: Path, threads: int = 1) -> None:
        """weights: an ONNX file. threads: threads of one inference."""
        self._weights, self._threads = weights, threads
        self._open()

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> list[NDArray[np.float32]]:
        """Run one inference. inputs: arrays by input name. Returns all outputs in file order."""
        if self._owner != os.getpid():
            self._open()
        outputs: list[NDArray[np.float32]] = self._session.run(None, dict(inputs))
        return outputs

    def _open(self) -> None:
        self._session = MODELS.get(open_session, self._weights, self._threads)
        self._owner = os.getpid()

    def __reduce__(self) -> tuple[type[Network], tuple[Path, int]]:
        return Network, (self._weights, self._threads)


def map_side_by_side(function: Callable[[S], T], items: Sequence[S], threads: int) -> Iterator[T]:
    """``map`` with up to ``threads`` calls at the same time; results keep the order of the items.

    Parallel calls of one-threaded networks do not change the outputs. Several threads in one
    inference do, slightly: ONNX Runtime then splits sums and quantization ranges differently.
    """
    workers = min(threads, len(items))
    if workers < 2:
        yield from map(function, items)
        return
    # A copy of the context for each call: what listens to stages hears those of all threads.
    contexts = [copy_context() for _ in items]
    with ThreadPoolExecutor(workers) as pool:
        yield from pool.map(lambda context, item: context.run(function, item), contexts, items)


def open_session(weights: Path, threads: int = 1) -> ort.InferenceSession:
    """A new ONNX Runtime session on the CPU. Raises ModelError naming the file."""
    import onnxruntime as ort

    if not weights.is_file():
        raise ModelError(
            f"{weights}: no such weights file; reinstall docagent, or set DOCAGENT_WEIGHTS_DIR "
            "to a folder that has it",
            "missing",
        )
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return ort.InferenceSession(str(weights), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises its own unexported types
        raise ModelError(f"{weights}: not a usable ONNX model ({error})") from error
