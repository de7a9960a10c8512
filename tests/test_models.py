"""What is loaded from files is loaded once per process, whoever asks and however many at once."""

from __future__ import annotations

import json
import os
import pickle
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest

from docagent import DocAgent, Settings
from docagent.errors import ModelError, SettingsError
from docagent.forking import ForkLock
from docagent.models import MODELS, ModelStore, Network, open_session
from docagent.vlm.scripted import ScriptedChatModel
from tests.forked import holds_in_child
from tests.test_ocr_engine import page

WEIGHTS = Path(__file__).parents[1] / "docagent" / "weights"
SCHEMA = {"title": "bill", "type": "object", "properties": {"total": {"type": "number"}}}


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each weights file was opened, from an empty store on."""
    counts: Counter[str] = Counter()
    session = ort.InferenceSession
    real: dict[str, Callable[..., Any]] = {
        name: getattr(Path, name) for name in ("read_text", "read_bytes")
    }

    class Counted(session):  # type: ignore[misc, valid-type]
        def __init__(self, path: str, *args: Any, **kwargs: Any) -> None:
            counts[Path(path).name] += 1
            super().__init__(path, *args, **kwargs)

    def counting(name: str) -> Callable[..., Any]:
        def read(path: Path, *args: Any, **kwargs: Any) -> Any:
            if path.parent.name == "weights":
                counts[path.name] += 1
            return real[name](path, *args, **kwargs)

        return read

    monkeypatch.setattr(ort, "InferenceSession", Counted)
    for name in real:
        monkeypatch.setattr(Path, name, counting(name))
    monkeypatch.setattr(MODELS, "_slots", {})
    return counts


def test_agents_that_differ_in_the_vlm_only_load_everything_once(opened: Counter[str]) -> None:
    settings = [
        Settings(threads=1),
        Settings(threads=1, vlm_url="http://127.0.0.1:9/v1", vlm="never"),
        Settings(threads=1, vlm_url="http://127.0.0.1:9/v1", vlm_seconds=5, vlm="never"),
    ]
    texts = set()
    for number, chosen in enumerate(settings):
        image = np.ascontiguousarray(page()[: 500 + number])
        agent = DocAgent(chosen)
        texts.add(agent.read(image).text)
        agent.extract(image, SCHEMA)
        agent.correct(image)
    assert len(texts) == 1
    assert opened == {
        "detector.onnx": 1,
        "recognizer.onnx": 1,
        "language_model.bin": 1,
        "calibration.json": 1,
        **{f"reader_{part}.onnx": 1 for part in ("layout", "encoder", "words", "pointer")},
        "reader.json": 1,
        "reader_vocabulary.txt": 1,
    }


def test_threads_that_ask_at_the_same_moment_get_one_model(opened: Counter[str]) -> None:
    start = Barrier(8)

    def ask(_: int) -> ort.InferenceSession:
        start.wait()
        return MODELS.get(open_session, WEIGHTS / "recognizer.onnx", 1)

    with ThreadPoolExecutor(8) as pool:
        assert len(set(map(id, pool.map(ask, range(8))))) == 1
    assert opened == {"recognizer.onnx": 1}


def test_a_file_that_changed_is_loaded_again(tmp_path: Path) -> None:
    store, path = ModelStore(), tmp_path / "model.json"
    path.write_text("1")
    assert store.get(_read, path) == store.get(_read, path) == 1
    path.write_text("22")
    assert store.get(_read, path) == 22


def test_a_model_that_could_not_be_loaded_is_tried_again(tmp_path: Path) -> None:
    store, path = ModelStore(), tmp_path / "model.json"
    with pytest.raises(FileNotFoundError):
        store.get(_read, path)
    path.write_text("1")
    assert store.get(_read, path) == 1


def _read(path: Path) -> Any:
    return json.loads(path.read_text())


def test_a_network_is_pickled_by_its_file() -> None:
    network = Network(WEIGHTS / "recognizer.onnx")
    crops = np.zeros((1, 1, 32, 64), np.float32)
    copy = pickle.loads(pickle.dumps(network))
    assert np.array_equal(copy.run({"crops": crops})[0], network.run({"crops": crops})[0])


def test_a_network_names_the_file_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"none\.onnx: no such weights file"):
        Network(tmp_path / "none.onnx")


def test_an_agent_is_pickled_with_its_settings_and_what_was_given() -> None:
    agent = DocAgent(Settings(threads=1, max_pages=3))
    copy = pickle.loads(pickle.dumps(agent))
    assert copy.settings == agent.settings
    assert copy.read(page()).pages == agent.read(page()).pages
    model = DocAgent(Settings(vlm_url="http://127.0.0.1:9/v1", vlm_api_key="key"))
    assert pickle.loads(pickle.dumps(model)).settings == model.settings


def test_an_agent_that_cannot_be_pickled_says_what_was_given_and_what_to_do() -> None:
    agent = DocAgent(vlm=ScriptedChatModel(script=lambda messages, options: {}))
    with pytest.raises(SettingsError, match=r"vlm given to DocAgent, ScriptedChatModel.*vlm\.url"):
        pickle.dumps(agent)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_lock_is_free_in_a_forked_child_and_in_a_copy() -> None:
    lock = ForkLock()
    with ThreadPoolExecutor(1) as pool, lock:
        assert not pool.submit(lock.acquire, 0.01).result()
        assert pool.submit(pickle.loads(pickle.dumps(lock)).acquire, 0.01).result()

        def another_thread_takes_it() -> bool:
            with ThreadPoolExecutor(1) as own:
                return own.submit(lock.acquire, 1).result()

        assert holds_in_child(another_thread_takes_it)
