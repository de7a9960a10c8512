"""The invoice the demonstration reads: written by hand so that it looks like a real one."""

from __future__ import annotations

from finetune.synthesis.canvas import Canvas
from finetune.synthesis.fonts import Font, FontFace, find_faces

ITEMS = (
    ("OAK-1200", "Oak desk top, oiled, 1200 x 700 mm", 2, 184.50),
    ("LEG-H72", "Steel leg frame, black, height 720 mm", 2, 96.00),
    ("CBL-TRY", "Cable tray with screws", 4, 14.25),
    ("LMP-LED", "Desk lamp, LED, dimmable", 3, 49.90),
    ("SRV-ASM", "Delivery and assembly on site", 1, 120.00),
)
TAX_RATE = 0.20


def _face(bold: bool) -> FontFace:
    wanted = [f for f in find_faces() if f.family == "Liberation Sans" and not f.italic]
    return next(f for f in wanted if f.bold == bold)


def draw_invoice() -> Canvas:
    """An A4 page at 200 dpi."""
    canvas = Canvas(1654, 2339)
    plain, bold = _face(False), _face(True)
    small, body, strong = Font(plain, 26), Font(plain, 30), Font(bold, 30)
    _head(canvas, Font(bold, 52), Font(bold, 64), small)
    _parties(canvas, body, strong)
    subtotal, y = _items(canvas, body, strong)
    _totals(canvas, subtotal, y, body, strong)
    canvas.text(130, 1790, "Payment", strong)
    canvas.text(130, 1836, "Bank: Harbour & Vale Bank", body)
    canvas.text(130, 1880, "IBAN: GB14 HVBK 2013 0848 7715 02", body)
    canvas.text(130, 1924, "Please quote the invoice number with your payment.", body)
    canvas.rule(130, 2190, 1524, 2190, 2)
    footer = (
        "Northfield Joinery Ltd - Unit 7, Quarry Lane - Kendal LA9 4RT - VAT No. GB 482 1136 09"
    )
    canvas.text(827, 2232, footer, small, align="center")
    return canvas


def _head(canvas: Canvas, name: Font, title: Font, small: Font) -> None:
    canvas.box(130, 120, 240, 230, width=6)
    canvas.rule(130, 230, 240, 120, 6)
    canvas.text(270, 180, "Northfield Joinery Ltd", name)
    canvas.text(270, 225, "Unit 7, Quarry Lane, Kendal LA9 4RT", small)
    canvas.text(270, 262, "Tel. 01539 555 0148   accounts@northfield.example", small)
    canvas.text(1524, 190, "INVOICE", title, align="right")


def _parties(canvas: Canvas, body: Font, strong: Font) -> None:
    canvas.text(130, 420, "Bill to", strong)
    for row, text in enumerate(
        ("Brightwater Design Studio", "Attn. Helena Marsh", "22 Canal Street", "Manchester M1 3WE")
    ):
        canvas.text(130, 466 + 44 * row, text, body)
    pairs = (
        ("Invoice number", "NJ-2025-0417"),
        ("Invoice date", "14 March 2025"),
        ("Due date", "13 April 2025"),
        ("Purchase order", "PO 88312"),
        ("Payment terms", "30 days net"),
    )
    for row, (label, value) in enumerate(pairs):
        canvas.text(960, 420 + 48 * row, label, strong)
        canvas.text(1524, 420 + 48 * row, value, body, align="right")


def _items(canvas: Canvas, body: Font, strong: Font) -> tuple[float, int]:
    y = 790
    canvas.box(130, y - 48, 1524, y + 20, ink=None, fill=222)
    for x, label, align in (
        (146, "Item", "left"),
        (350, "Description", "left"),
        (1080, "Qty", "right"),
        (1300, "Unit price", "right"),
        (1508, "Amount", "right"),
    ):
        canvas.text(x, y, label, strong, align=align)
    subtotal = 0.0
    for code, description, quantity, price in ITEMS:
        y += 72
        subtotal += quantity * price
        canvas.text(146, y, code, body)
        canvas.text(350, y, description, body)
        canvas.text(1080, y, str(quantity), body, align="right")
        canvas.text(1300, y, f"{price:,.2f}", body, align="right")
        canvas.text(1508, y, f"{quantity * price:,.2f}", body, align="right")
        canvas.rule(130, y + 24, 1524, y + 24, 1, 120)
    return subtotal, y


def _totals(canvas: Canvas, subtotal: float, y: int, body: Font, strong: Font) -> None:
    tax = round(subtotal * TAX_RATE, 2)
    rows = (
        ("Subtotal", f"{subtotal:,.2f}", body),
        ("VAT 20 %", f"{tax:,.2f}", body),
        ("Total due", f"£{subtotal + tax:,.2f}", strong),
    )
    for row, (label, amount, font) in enumerate(rows):
        canvas.text(1060, y + 110 + 56 * row, label, font)
        canvas.text(1508, y + 110 + 56 * row, amount, font, align="right")
    canvas.rule(1060, y + 182, 1524, y + 182, 3)
