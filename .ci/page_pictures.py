"""Remakes the pictures of the page in docs/images, from the samples, in Chromium.

PYTHONPATH=. python .ci/page_pictures.py
"""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path

import httpx2
from PIL import Image
from playwright.sync_api import Browser, Page

from eval.performance.browser import find_chromium, running_browser
from eval.performance.server_process import ServerProcess

IMAGES = Path(__file__).parents[1] / "docs/images"
WIDE, PHONE = (1280, 800), (390, 844)
SAMPLES = ("bank_statement.jpg", "receipt.jpg", "nda.pdf", "invoice.png")
QUESTIONS = (
    "Who sent the invoice?",
    "What is the due date?",
    "What is the IBAN?",
    "Who is the driver?",
)
WAIT_MS = 180_000


def main() -> int:
    """Start a server, fill its library, and take the pictures."""
    program = find_chromium()
    if program is None:
        print("error: Chromium is not installed (Debian: apt install chromium)", file=sys.stderr)
        return 2
    with (
        tempfile.TemporaryDirectory() as folder,
        ServerProcess(Path(folder), "--workers", "1") as server,
        running_browser(program) as browser,
    ):
        documents = fill(server.url)
        invoice = f"#/documents/{documents['invoice.png']}"
        page = open_page(browser, f"{server.url}/{invoice}", WIDE, "light")
        page.locator('.field[data-path="total"] label').click()
        save(page, "page_document")
        page = open_page(browser, f"{server.url}/{invoice}?tab=chat", WIDE, "dark")
        ask(page)
        save(page, "page_chat_dark")
        page = open_page(browser, f"{server.url}/#/review", WIDE, "light")
        page.locator(".field:focus").wait_for()
        save(page, "page_review")
        page = open_page(browser, f"{server.url}/{invoice}", PHONE, "light")
        page.locator('.field[data-path="invoice_date"] label').click()
        save(page, "page_phone")
    return 0


def fill(url: str) -> dict[str, str]:
    """Extract the samples; the id of each document."""
    documents = {}
    with httpx2.Client(base_url=url, timeout=300) as client:
        for name in SAMPLES:
            documents[name] = client.post(f"/v1/samples/{name}").raise_for_status().json()["id"]
            wanted = {"document_id": documents[name], "schema": "auto"}
            answer = client.post("/v1/extract", json=wanted, headers={"Prefer": "wait=300"})
            assert answer.raise_for_status().status_code == 200, "it was not extracted in time"
    return documents


def open_page(browser: Browser, address: str, size: tuple[int, int], theme: str) -> Page:
    """A page of that size and theme, once its picture is there."""
    width, height = size
    page = browser.new_page(
        viewport={"width": width, "height": height},
        color_scheme="dark" if theme == "dark" else "light",
    )
    page.set_default_timeout(WAIT_MS)
    page.goto(address)
    page.locator(".sheet img").wait_for()
    return page


def ask(page: Page) -> None:
    """Ask the questions, and open the place of the first answer."""
    for count, question in enumerate(QUESTIONS, 1):
        page.get_by_label("Question").fill(question)
        page.keyboard.press("Enter")
        page.locator(".answer:not(.live)").nth(count - 1).wait_for()
    page.locator(".citations a").last.click()
    page.locator(".mark.cite.chosen").wait_for()


def save(page: Page, name: str) -> None:
    """Write what the window shows as WebP, once the pictures of places are there."""
    page.wait_for_function("!document.querySelector('.crop.empty')")
    page.wait_for_timeout(1000)  # smooth scrolling
    with Image.open(io.BytesIO(page.screenshot())) as shot:
        shot.convert("RGB").save(IMAGES / f"{name}.webp", "WEBP", quality=85, method=6)
    page.close()


if __name__ == "__main__":
    sys.exit(main())
