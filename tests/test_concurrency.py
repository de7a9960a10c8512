"""Documents read by threads, tasks and processes, spawned or forked, are as if read in turn."""

from __future__ import annotations

import asyncio
import io
import multiprocessing
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from docagent import DocAgent, Extraction, Settings
from docagent.document import Document
from tests.pdf_files import PdfPage, grey_image, pdf_bytes, text_at

pytestmark = [
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
]

SETTINGS = Settings(threads=1)
SCHEMA = {
    "title": "bill",
    "type": "object",
    "properties": {"total": {"type": "number"}, "number": {"type": "string"}},
}
CHILD_SECONDS = 120
"""What a child may take on a busy machine. One that hangs takes for ever."""

Result = tuple[Document, Extraction]


def picture(number: int) -> Image.Image:
    """A small bill, each another one."""
    image = np.full((150, 420), 255, np.uint8)
    rows = (
        f"Invoice No {4100 + number}",
        f"Dear customer {chr(65 + number)}",
        f"Total {number}.50",
    )
    for index, row in enumerate(rows):
        place = (20, 40 + 42 * index)
        cv2.putText(image, row, place, cv2.FONT_HERSHEY_SIMPLEX, 0.8, 0, 2, cv2.LINE_AA)
    return Image.fromarray(image)


def image_file(number: int) -> bytes:
    stream = io.BytesIO()
    picture(number).save(stream, ("PNG", "JPEG", "BMP", "WEBP")[number % 4])
    return stream.getvalue()


def pages_file(number: int) -> bytes:
    stream = io.BytesIO()
    picture(number).save(stream, "TIFF", save_all=True, append_images=[picture(number + 1)])
    return stream.getvalue()


def text_pdf(number: int) -> bytes:
    rows = text_at(60, 700, f"Invoice No {number}") + text_at(60, 660, f"Total {number}.25")
    return pdf_bytes(*[PdfPage(rows)] * (1 + number % 2))


def scanned_pdf(number: int) -> bytes:
    image = picture(number)
    scan = grey_image(image.width, image.height, image.tobytes())
    size = (0, 0, 202, 72)
    return pdf_bytes(PdfPage(b"q 202 0 0 72 0 0 cm /Im1 Do Q\n", image=scan, media=size))


FILES = [
    *map(image_file, range(12)),
    *map(pages_file, range(12, 16)),
    *map(text_pdf, range(16, 24)),
    *map(scanned_pdf, range(24, 30)),
]


def take(agent: DocAgent, file: bytes) -> Result:
    return agent.read(file), agent.extract(file, SCHEMA)


@pytest.fixture(scope="module")
def in_turn() -> list[Result]:
    agent = DocAgent(SETTINGS)
    results = [take(agent, file) for file in FILES]
    assert len(results) == 30
    for number, (document, _) in enumerate(results):
        assert f"{number}.50" in document.text or f"{number}.25" in document.text
    return results


def test_threads_share_one_agent(in_turn: list[Result]) -> None:
    agent = DocAgent(SETTINGS)
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda file: take(agent, file), FILES)) == in_turn


def test_tasks_share_one_agent(in_turn: list[Result]) -> None:
    agent = DocAgent(SETTINGS)

    async def together() -> list[Result]:
        return await asyncio.gather(*(asyncio.to_thread(take, agent, file) for file in FILES))

    assert asyncio.run(together()) == in_turn


@pytest.mark.parametrize("threads", [2, 4])
def test_the_number_of_threads_changes_nothing(in_turn: list[Result], threads: int) -> None:
    agent = DocAgent(Settings(threads=threads))
    assert [take(agent, file) for file in FILES] == in_turn


def test_spawned_processes_get_the_agent(in_turn: list[Result]) -> None:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, context) as pool:
        assert list(pool.map(take, [DocAgent(SETTINGS)] * len(FILES), FILES)) == in_turn


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="needs fork")
@pytest.mark.parametrize("threads", [1, 2])
def test_children_forked_while_others_read(in_turn: list[Result], threads: int) -> None:
    """With an agent that has read, and one that loads its models in the child."""
    agent = DocAgent(Settings(threads=threads))
    take(agent, FILES[0])
    context = multiprocessing.get_context("fork")
    with reading(agent):
        children = []
        for start in range(0, len(FILES), 5):
            chosen = agent if start % 2 else DocAgent(Settings(threads=threads))
            receiver, sender = context.Pipe(duplex=False)
            child = context.Process(target=send, args=(sender, chosen, FILES[start : start + 5]))
            child.start()
            sender.close()
            children.append((child, receiver))
    results: list[Any] = []
    for child, receiver in children:
        if receiver.poll(CHILD_SECONDS):
            results += receiver.recv()
        child.join(5)
        child.kill()
    assert results == in_turn


@contextmanager
def reading(agent: DocAgent) -> Iterator[None]:
    """Four threads that read all the while, so that every lock is held now and then."""
    done = threading.Event()

    def read(start: int) -> None:
        for number in range(start, 10_000):
            if done.is_set():
                return
            # Nothing is remembered by a new agent.
            DocAgent(agent.settings).read(FILES[number % len(FILES)])

    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(read, start) for start in range(0, 28, 7)]
        try:
            yield
        finally:
            done.set()
        for future in waiting:
            future.result()


def send(sender: Any, agent: DocAgent, files: list[bytes]) -> None:
    sender.send([take(agent, file) for file in files])
