"""The page at ``/`` in a real browser, against a real server."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from PIL import Image
from playwright.sync_api import Browser, Route, expect

from docagent.results import Check
from eval.performance.browser import find_chromium, running_browser
from tests.api_server import ROOT, SAMPLES, ApiServer
from tests.page_browser import (
    AXE,
    TIMEOUT_MS,
    add_document,
    add_extraction,
    library_of,
    open_page,
    serious_faults,
)

pytestmark = pytest.mark.browser

WEB = ROOT / "docagent/web"
MAX_WEIGHT = 150_000
"""Bytes of everything that the page loads, as they are sent."""
RECEIPTS = 20
WORDS = 2000
HOSTILE = "<img/src=x/onerror=alert(1)>"

expect.set_options(timeout=TIMEOUT_MS)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = find_chromium()
    if program is None:
        pytest.skip("Chromium is not installed (Debian: apt install chromium)")
    with running_browser(program) as running:
        yield running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """A server on the loopback interface that needs no key, with an empty library."""
    with ApiServer(tmp_path_factory.mktemp("page"), "--workers", "1") as running:
        yield running


def test_from_upload_to_reload_nothing_is_lost(server: ApiServer, browser: Browser) -> None:
    with open_page(browser, server.url) as page:
        expect(page.locator(".samples button")).to_have_count(5)
        expect(page.locator(".vlm summary")).to_have_text("Built-in reader")
        page.set_input_files("input[type=file]", SAMPLES / "receipt.jpg")
        total = page.locator('.field[data-path="total"] input')
        expect(total).to_have_value("145.61")

        page.get_by_role("tab", name="Chat").click()
        page.get_by_label("Question").fill("What is the total?")
        page.keyboard.press("Enter")
        page.locator(".citations a").first.click()
        expect(page.locator(".mark.cite.chosen")).to_be_in_viewport()
        assert "&cite=" in page.url

        page.get_by_role("tab", name="Values").click()
        total.fill("1.234,50")
        total.press("Enter")
        expect(page.locator('.field[data-path="total"] .badge.done')).to_have_text("edited")
        page.reload()
        expect(total).to_have_value("1234.5")
        expect(page.locator('.field[data-path="total"] .badge.done')).to_have_text("edited")
        page.get_by_role("tab", name="Chat").click()
        expect(page.locator(".said")).to_have_text("What is the total?")
        expect(page.locator(".citations a")).to_have_count(1)

        page.locator(".title .menu summary").click()
        with page.expect_download() as saved:
            page.get_by_role("link", name="CSV", exact=True).click()
        assert "1234.5" in Path(saved.value.path()).read_text("utf-8")


def test_a_link_of_a_citation_opens_the_place(server: ApiServer, browser: Browser) -> None:
    with library_of(server) as library:
        document = add_document(library, "cited.png", [["Total", "12.00"]])
    address = f"{server.url}/#/documents/{document.id}?page=1&cite=0.5,0.8,0.6,0.85"
    with open_page(browser, address) as page:
        expect(page.locator(".mark.cite.chosen")).to_be_in_viewport()


def test_search_over_all_documents_marks_the_words(server: ApiServer, browser: Browser) -> None:
    with library_of(server) as library:
        add_document(library, "zebra.png", [["Zebra", "crossing"], ["a", "zebra"]])
    with open_page(browser, server.url) as page:
        page.get_by_role("searchbox").fill("zebra")
        page.keyboard.press("Enter")
        expect(page.locator(".hits mark")).to_have_text(["Zebra", "zebra"])
        page.get_by_role("link", name="zebra.png", exact=True).click()
        expect(page.locator(".mark.find")).to_have_count(2)


def test_receipts_are_reviewed_by_keyboard_alone(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with ApiServer(tmp_path_factory.mktemp("review"), "--workers", "1") as server:
        ids = []
        with library_of(server) as library:
            for number in range(RECEIPTS):
                words = [[f"Shop{number}"], ["31.01.2026"], [f"{number}.50"], ["9.99"]]
                document = add_document(library, f"receipt {number:02}.png", words)
                found = {
                    "company": (f"Shop{number}", f"Shop{number}", 0.5 + number / 100),
                    "date": ("31.01.2026", "2026-01-31", 0.9),
                    "total": (f"{number}.50", number + 0.5, 0.9),
                    "cash": ("9.99", 9.99, 0.4),
                }
                ids.append(add_extraction(library, document, found, absent=["change"]))
        with open_page(browser, f"{server.url}/#/review") as page:
            for number in range(RECEIPTS):  # those with most expected errors come first
                current = page.locator(".queue button[aria-current]")
                expect(current).to_contain_text(f"receipt {number:02}.png")
                expect(current).to_contain_text("about 1 likely mistake")
                expect(page.locator(".field:focus")).to_have_attribute("data-path", "company")
                page.keyboard.press("Enter")
                expect(page.locator(".field:focus")).to_have_attribute("data-path", "date")
                page.keyboard.press("j")
                page.keyboard.press("k")
                page.keyboard.press("Enter")
                expect(page.locator(".field:focus")).to_have_attribute("data-path", "total")
                page.keyboard.press("e")
                page.keyboard.type(f"{number},75")
                page.keyboard.press("Enter")
                expect(page.locator(".field:focus")).to_have_attribute("data-path", "cash")
                page.keyboard.press("x")
                expect(page.locator(".absent:focus")).to_contain_text("Change")
                page.keyboard.press("Enter")
            expect(page.get_by_text("You are at the end of the queue.")).to_be_visible()
        with httpx2.Client(base_url=server.url) as client:
            assert client.get("/v1/review").json()["items"] == []
            for number, result in enumerate(ids):
                reviewed = client.get(f"/v1/extractions/{result}").json()
                verdicts = {path: label["verdict"] for path, label in reviewed["labels"].items()}
                assert verdicts == {
                    "company": "accepted",
                    "date": "accepted",
                    "total": "edited",
                    "cash": "not_present",
                    "change": "accepted",
                }
                assert reviewed["data"]["total"] == number + 0.75
                assert reviewed["reviewed"]


def test_the_rows_of_a_list_are_a_table(server: ApiServer, browser: Browser) -> None:
    with library_of(server) as library:
        rows = [["Tea", "2", "5.00"], ["Milk", "3", "7.50"]]
        document = add_document(library, "list.png", rows)
        found = {
            f"line_items[{row}].{column}": (rows[row][place], value, 0.9)
            for row in range(2)
            for column, place, value in (
                ("amount", 2, float(rows[row][2])),
                ("description", 0, rows[row][0]),
                ("quantity", 1, float(rows[row][1])),
            )
        }
        result = add_extraction(library, document, found)
    with open_page(browser, f"{server.url}/#/documents/{document.id}") as page:
        # The columns stand as on the page, and numbers have the decimals that are printed.
        heads = page.get_by_role("columnheader")
        expect(heads).to_have_text(["Description", "Quantity", "Amount"])
        amount = page.get_by_label("Amount, row 2 of line items", exact=True)
        expect(amount).to_have_value("7.50")
        amount.click()
        expect(page.locator(".open")).to_contain_text("Amount, row 2 of line items")
        expect(page.locator(".mark.chosen")).to_be_visible()
        amount.fill("7,80")
        amount.press("Enter")
        expect(amount).to_have_value("7.8")
        page.get_by_role("button", name="Accept all").click()
        expect(page.get_by_text("6 of 6 checked")).to_be_visible()
    reviewed = httpx2.get(f"{server.url}/v1/extractions/{result}").json()
    assert reviewed["labels"]["line_items[1].amount"]["value"] == 7.8
    assert reviewed["labels"]["line_items[0].amount"]["verdict"] == "accepted"
    assert reviewed["reviewed"]


def test_what_was_not_found_is_confirmed_at_once(server: ApiServer, browser: Browser) -> None:
    with library_of(server) as library:
        document = add_document(library, "absent.png", [["Shop", "5.00"]])
        found = {"company": ("Shop", "Shop", 0.97)}
        result = add_extraction(library, document, found, absent=["cash", "change", "total"])
    with open_page(browser, f"{server.url}/#/documents/{document.id}") as page:
        expect(page.locator(".absent")).to_contain_text("Cash, Change, Total")
        expect(page.get_by_text("0 of 1 checked")).to_be_visible()
        page.get_by_role("button", name="Show", exact=True).click()
        total = page.locator('.field[data-path="total"] input')
        total.fill("5.00")
        total.press("Enter")
        expect(page.get_by_text("1 of 2 checked")).to_be_visible()
        page.get_by_role("button", name="The document has none of these").click()
        expect(page.locator(".absent .badge.done")).to_have_text("confirmed")
    labels = httpx2.get(f"{server.url}/v1/extractions/{result}").json()["labels"]
    verdicts = {path: label["verdict"] for path, label in labels.items()}
    assert verdicts == {"total": "edited", "cash": "accepted", "change": "accepted"}


def test_a_document_of_no_known_kind_asks_for_it(server: ApiServer, browser: Browser) -> None:
    blank = io.BytesIO()
    Image.new("L", (400, 500), 254).save(blank, "PNG")
    held: list[Route] = []
    with open_page(browser, server.url) as page:
        page.route("**/v1/extract", lambda route: held.append(route), times=1)
        file = {"name": "blank.png", "mimeType": "image/png", "buffer": blank.getvalue()}
        page.set_input_files("input[type=file]", [file])
        # That it is worked on shows before the server says so.
        expect(page.locator(".progress")).to_have_text("Waiting for its turn")
        expect(page.locator(".extract")).to_have_count(0)
        held[0].continue_()
        question = page.get_by_text("What kind of document is this?")
        expect(question).to_be_visible()
        page.reload()
        expect(question).to_be_visible()
        page.get_by_label("Kind of document").select_option(label="Receipt")
        page.get_by_role("button", name="Find the values").click()
        expect(page.get_by_text("None of the values of this kind")).to_be_visible()


def test_an_edit_that_is_not_of_the_type_is_refused(server: ApiServer, browser: Browser) -> None:
    with library_of(server) as library:
        document = add_document(library, "types.png", [["31.01.2026", "5.00"]])
        found = {"date": ("31.01.2026", "2026-01-31", 0.9), "total": ("5.00", 5.0, 0.9)}
        result = add_extraction(library, document, found)
    with open_page(browser, f"{server.url}/#/documents/{document.id}") as page:
        for path, wrong, why in (("date", "soon", "not a date"), ("total", "five", "not a number")):
            page.fill(f'.field[data-path="{path}"] input', wrong)
            page.keyboard.press("Enter")
            alert = page.locator(f'.field[data-path="{path}"] [role=alert]')
            expect(alert).to_contain_text(why)
            page.keyboard.press("Escape")
    labels = httpx2.get(f"{server.url}/v1/extractions/{result}").json()["labels"]
    assert labels == {}


def test_two_thousand_words_are_drawn(server: ApiServer, browser: Browser) -> None:
    with library_of(server) as library:
        rows = [[f"w{y}x{x}" for x in range(20)] for y in range(WORDS // 20)]
        document = add_document(library, "dense.png", rows)
    with open_page(browser, f"{server.url}/#/documents/{document.id}") as page:
        started = time.monotonic()
        page.get_by_label("Words").check()
        expect(page.locator(".word")).to_have_count(WORDS)
        assert time.monotonic() - started < 10  # a freeze, not a time to be proud of
        page.locator(".word").first.focus()
        page.keyboard.press("ArrowRight")
        expect(page.locator(".word:focus")).to_have_attribute("aria-label", "w0x1")
        page.keyboard.press("End")
        expect(page.locator(".readout")).to_contain_text("w99x19")


def test_what_a_document_says_is_inert(server: ApiServer, browser: Browser) -> None:
    with library_of(server) as library:
        document = add_document(library, f"{HOSTILE}.png", [[HOSTILE, "<script>alert(2)</script>"]])
        check = Check(
            kind="sum", name=HOSTILE, status="failed", message=HOSTILE, paths=("company",)
        )
        found = {"company": (HOSTILE, HOSTILE, 0.9)}
        add_extraction(library, document, found, failed=[check])
    with open_page(browser, f"{server.url}/#/documents/{document.id}") as page:
        expect(page.locator('.field[data-path="company"] textarea')).to_have_value(HOSTILE)
        expect(page.locator(".checks")).to_contain_text(HOSTILE)
        page.get_by_label("Words").check()
        page.locator(".word").first.focus()
        expect(page.locator(".readout")).to_contain_text(HOSTILE)
        page.get_by_role("tab", name="Text").click()
        expect(page.locator("pre")).to_contain_text("<script>alert(2)</script>")
        page.get_by_label("Main").get_by_text("Library").click()
        expect(page.locator(".name").first).to_be_visible()
        page.get_by_role("searchbox").fill("onerror")
        page.keyboard.press("Enter")
        expect(page.locator(".hits li")).to_contain_text("onerror")
        assert page.locator("[onerror]").count() == 0


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed (.ci/browser)")
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(server: ApiServer, browser: Browser, theme: str) -> None:
    with library_of(server) as library:
        document = add_document(library, f"axe {theme}.png", [["Shop", "5.00", "7.00"]])
        check = Check(kind="sum", name="total", status="failed", message="5 is not 7")
        found = {"company": ("Shop", "Shop", 0.95), "total": ("5.00", 5.0, 0.5)}
        add_extraction(library, document, found, absent=["cash"], failed=[check])
    place = f"#/documents/{document.id}"
    width = {"light": 1280, "dark": 390}[theme]
    options = {"color_scheme": theme}
    with open_page(browser, server.url, **options) as page:
        page.set_viewport_size({"width": width, "height": 860})
        for address, ready in (
            ("#/", ".documents li"),
            ("#/?q=shop", ".hits li"),
            (place, ".field"),
            (f"{place}?tab=chat", ".ask"),
            (f"{place}?tab=correction", ".correction"),
            (f"{place}?tab=text", "pre"),
            ("#/review", ".field"),
        ):
            page.goto(f"{server.url}/{address}")
            expect(page.locator(ready).first).to_be_visible()
            assert serious_faults(page) == [], address
        page.keyboard.press("?")
        expect(page.get_by_role("dialog")).to_be_visible()
        assert serious_faults(page) == []


def test_a_server_with_keys_asks_for_one(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("keys")
    with ApiServer(folder, "--workers", "1", "--require-key") as server:
        secret = server.key("anna")
        with open_page(browser, server.url) as page:
            page.get_by_label("Key").fill("docagent_wrong")
            page.keyboard.press("Enter")
            expect(page.get_by_role("alert")).to_be_visible()
            page.get_by_label("Key").fill(secret)
            page.keyboard.press("Enter")
            expect(page.locator(".samples button")).to_have_count(5)
            assert page.evaluate("document.cookie") == ""
            page.get_by_role("button", name="Log out").click()
            expect(page.get_by_label("Key")).to_be_visible()


def test_the_page_is_light(server: ApiServer) -> None:
    sent = 0
    with httpx2.Client(base_url=server.url, headers={"Accept-Encoding": "gzip"}) as client:
        files = [path.relative_to(WEB).as_posix() for path in WEB.glob("static/**/*.*")]
        for file in ["", *(name for name in files if not name.endswith(".txt"))]:
            with client.stream("GET", f"/{file}") as answer:
                assert answer.status_code == 200
                sent += sum(map(len, answer.iter_raw()))
                sent += sum(len(name) + len(value) for name, value in answer.headers.raw)
    assert 10_000 < sent < MAX_WEIGHT, files
