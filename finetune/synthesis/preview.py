"""A contact sheet of synthetic documents with their fields coloured.

python -m finetune.synthesis preview --kind receipt --seed 1 --count 6 --output out/preview.png
"""

from __future__ import annotations

import argparse
import random
import zlib
from pathlib import Path

from PIL import Image, ImageDraw

from finetune.synthesis.canvas import Canvas
from finetune.synthesis.documents import KINDS, SyntheticDocument, generate

TILE = (900, 1250)


def coloured(canvas: Canvas) -> Image.Image:
    """A page with the words of each field on a colour of their own, labels underlined."""
    page = Image.fromarray(canvas.draw()).convert("RGB")
    tint = Image.new("RGB", page.size, "white")
    pen = ImageDraw.Draw(tint)
    for word in canvas.words:
        if word.field:
            code = zlib.crc32(word.field.encode())
            colour = tuple(150 + (code >> shift) % 106 for shift in (0, 8, 16))
            pen.rectangle(word.bbox, fill=colour)
        elif word.label:
            pen.line(
                (word.bbox[0], word.bbox[3], word.bbox[2], word.bbox[3]),
                fill=(90, 90, 255),
                width=2,
            )
    return Image.composite(tint, page, page.convert("L").point(lambda v: 255 if v > 200 else 0))


def contact_sheet(documents: list[SyntheticDocument], plain: bool = False) -> Image.Image:
    """All pages side by side, each scaled into a tile."""
    pages = [page for document in documents for page in document.pages]
    across = min(len(pages), 4)
    down = -(-len(pages) // across)
    sheet = Image.new("RGB", (across * TILE[0], down * TILE[1]), (120, 120, 120))
    for index, page in enumerate(pages):
        tile = Image.fromarray(page.draw()).convert("RGB") if plain else coloured(page)
        tile.thumbnail((TILE[0] - 10, TILE[1] - 10))
        sheet.paste(tile, (index % across * TILE[0] + 5, index // across * TILE[1] + 5))
    return sheet


def main() -> None:
    """Parse the command line and write the sheet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kind", choices=(*KINDS, "all"), default="all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=6)
    parser.add_argument("--output", type=Path, default=Path("out/preview.png"))
    parser.add_argument("--plain", action="store_true", help="without colours")
    parser.add_argument("--queries", action="store_true", help="print the queries too")
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    kinds = KINDS if arguments.kind == "all" else (arguments.kind,)
    documents = [generate(kinds[i % len(kinds)], rng) for i in range(arguments.count)]
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    contact_sheet(documents, arguments.plain).save(arguments.output)
    print(arguments.output)
    if arguments.queries:
        for document in documents:
            for query in document.queries:
                answers = {path: truth.text for path, truth in document.answers(query).items()}
                print(f"{document.kind}: {query.text!r} -> {answers or 'absent'}")
