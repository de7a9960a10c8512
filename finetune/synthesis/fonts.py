"""Free fonts found on the system, sorted by look, for drawing synthetic documents.

Fonts are read where the system has them and never shipped. ``finetune/README.md`` lists the
packages that were installed for the shipped weights.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from fontTools.ttLib import TTCollection, TTFont, TTLibError
from PIL import ImageFont

FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "/usr/share/texmf/fonts/opentype")
NEEDED = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.,:;()/&%$#@-+'\"")
REFUSED = (
    "symbol",
    "emoji",
    "icon",
    "dingbat",
    "braille",
    "math",
    "music",
    "ornament",
    "initials",
    "upper",
    "ecolier",
    "isabella",
    "rufscript",
    "standardsymbols",
    "d050000l",
    "cmsy",
    "cmex",
    "outline",
    "keyboard",
    "humor",
    "linlibertine_i",
    "drm",
    "cmuntb",
    "powerline",
    "csur",
    "phon",
    "abogado",
    "junkyard",
    "penguin",
    "jara",
    "alfa",
    "babel",
    "emerita",
    "elleni",
    "ellenb",
    "ellebol",
    "linbiolinum_k",
)
NOTO_LATIN = (
    "NotoSans-",
    "NotoSerif-",
    "NotoMono",
    "NotoSansMono",
    "NotoSansDisplay",
    "NotoSerifDisplay",
    "NotoSansUI",
)


@dataclass(frozen=True)
class FontFace:
    """One font file: where it is, how it looks and which characters it can draw."""

    path: str
    index: int
    family: str
    style: str  # "sans", "serif", "mono"
    bold: bool
    italic: bool
    characters: frozenset[str]

    @property
    def extents(self) -> tuple[float, float]:
        """Height of "Hbd" above and depth of "gpq" below the baseline, in em."""
        return _extents(self.path, self.index)


@dataclass(frozen=True)
class Font:
    """A face at a size in pixels (em)."""

    face: FontFace
    size: int

    @property
    def drawable(self) -> ImageFont.FreeTypeFont:
        return _load(self.face.path, self.face.index, self.size)

    def width(self, text: str) -> float:
        """Advance of the text in pixels."""
        return _advance(self.face.path, self.face.index, self.size, text)

    def at(self, size: int) -> Font:
        """The same face at another size in pixels."""
        return Font(self.face, size)


@lru_cache(maxsize=4096)
def _load(path: str, index: int, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, size, index=index, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=2048)
def _extents(path: str, index: int) -> tuple[float, float]:
    font = _load(path, index, 100)
    up = -font.getbbox("Hbd", anchor="ls")[1] / 100
    down = font.getbbox("gpq", anchor="ls")[3] / 100
    return up, down


@lru_cache(maxsize=300_000)
def _advance(path: str, index: int, size: int, text: str) -> float:
    return float(_load(path, index, size).getlength(text))


def _face(path: Path, font: TTFont, index: int) -> FontFace | None:
    outlines = "CFF " in font or ("glyf" in font and font.reader.tables["glyf"].length > 1000)
    if not outlines:
        return None  # bitmaps of one size only
    cmap = font.getBestCmap() or {}
    characters = frozenset(chr(code) for code in cmap if 32 <= code < 0x2200)
    if not characters >= NEEDED:
        return None
    names = font["name"]
    family = str(names.getDebugName(1) or path.stem)
    label = f"{family} {names.getDebugName(2) or ''} {path.stem}".lower()
    mono = bool(font["post"].isFixedPitch) or "mono" in label or "courier" in label
    serif = any(
        w in label
        for w in (
            "serif",
            "roman",
            "times",
            "garamond",
            "didot",
            "pagella",
            "termes",
            "schola",
            "bonum",
            "gentium",
            "charis",
            "junicode",
            "vollkorn",
            "caladea",
            "bookman",
            "century",
            "palladio",
            "libertine",
            "standard",
            "prociono",
            "computer modern",
            "cmunrm",
            "cmunb",
        )
    )
    if "sans" in label:
        serif = False
    return FontFace(
        path=str(path),
        index=index,
        family=family,
        style="mono" if mono else "serif" if serif else "sans",
        bold=any(w in label for w in ("bold", "black", "heavy", "medium")),
        italic=any(w in label for w in ("italic", "oblique")),
        characters=characters,
    )


def _faces_in(path: Path) -> list[FontFace]:
    name = path.name.lower()
    if any(word in name for word in REFUSED):
        return []
    if path.name.startswith("Noto") and not path.name.startswith(NOTO_LATIN):
        return []
    try:
        if path.suffix == ".ttc":
            with TTCollection(str(path), lazy=True) as collection:
                faces = [_face(path, font, i) for i, font in enumerate(collection.fonts)]
        else:
            with TTFont(str(path), lazy=True) as font:
                faces = [_face(path, font, 0)]
    except (TTLibError, KeyError, AssertionError, OSError):
        return []
    return [face for face in faces if face is not None]


@lru_cache(maxsize=1)
def find_faces() -> tuple[FontFace, ...]:
    """Every usable Latin face on the system, sorted by path. Raises RuntimeError under 20."""
    faces: list[FontFace] = []
    for folder in FONT_FOLDERS:
        for path in sorted(Path(folder).rglob("*")):
            if path.suffix.lower() in (".ttf", ".otf", ".ttc"):
                faces.extend(_faces_in(path))
    if len(faces) < 20:
        raise RuntimeError(
            f"found {len(faces)} usable fonts in {FONT_FOLDERS}; at least 20 are needed: "
            "install the font packages listed in finetune/README.md"
        )
    # Swashes and very wide or tiny designs are no document faces.
    return tuple(f for f in faces if 0.5 < f.extents[0] < 0.9 and 0.05 < f.extents[1] < 0.4)


@lru_cache(maxsize=1)
def _families() -> dict[str, dict[str, tuple[FontFace, ...]]]:
    table: dict[str, dict[str, list[FontFace]]] = {"sans": {}, "serif": {}, "mono": {}}
    for face in find_faces():
        table[face.style].setdefault(face.family, []).append(face)
    return {s: {f: tuple(v) for f, v in fams.items()} for s, fams in table.items()}


# What printed business documents are mostly set in; the rest of the fonts give breadth.
COMMON = (
    "liberation",
    "nimbus",
    "free",
    "carlito",
    "dejavu",
    "tex gyre",
    "c059",
    "p052",
    "courier",
)

# Fixed dot patterns, as receipt and matrix printers have them.
PRINTER = ("spleen", "unifont", "3270", "glass", "dotgothic")


def sample_printer_family(rng: random.Random) -> tuple[FontFace, ...]:
    """All faces of one dot-pattern family; any fixed-width family where none is installed."""
    found = [
        (style, name)
        for style, families in _families().items()
        for name in sorted(families)
        if any(word in name.lower() for word in PRINTER)
    ]
    if not found:
        return sample_family(rng, "mono")
    style, name = rng.choice(found)
    return _families()[style][name]


# What letters, forms and memos were typed with.
TYPEWRITER = ("typewriter", "courier", "cursor", "freemono", "nimbus mono", "liberation mono")


def sample_typewriter_family(rng: random.Random) -> tuple[FontFace, ...]:
    """All faces of one typewriter family; any fixed-width family where none is installed."""
    found = [
        family
        for families in _families().values()
        for name, family in sorted(families.items())
        if any(word in name.lower() for word in TYPEWRITER)
    ]
    return rng.choice(found) if found else sample_family(rng, "mono")


def sample_family(rng: random.Random, style: str | None = None) -> tuple[FontFace, ...]:
    """All faces of one family; the families business documents use come up half the time."""
    style = style or rng.choices(("sans", "serif", "mono"), (0.5, 0.3, 0.2))[0]
    if style == "mono" and rng.random() < 0.4:
        return sample_printer_family(rng)
    families = _families()[style]
    names = sorted(families)
    if rng.random() < 0.5:
        names = [n for n in names if any(c in n.lower() for c in COMMON)] or names
    return families[rng.choice(names)]


def sample_face(
    rng: random.Random,
    style: str | None = None,
    bold: bool | None = None,
    family: tuple[FontFace, ...] | None = None,
) -> FontFace:
    """A face, optionally of a style, weight or family (a wish, not a promise, for weight)."""
    faces = family or sample_family(rng, style)
    upright = [f for f in faces if not f.italic] or list(faces)
    pool = list(faces) if rng.random() < 0.12 else upright
    if bold is not None:
        pool = [f for f in pool if f.bold == bold] or pool
    return rng.choice(pool)
