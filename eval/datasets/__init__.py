"""The labelled sets: FUNSD, SROIE, Kleister-NDA, BLN600 and invoice2data.

They are found in the folder named by DOCAGENT_DATA, or in ``../shared/data`` beside the
repository, and are never copied into it. Boxes are pixels of the image. Each set has a folder,
with one inside for each split (``dev`` unless a command is told otherwise):

    funsd/dev/images/*.png, annotations/*.json
    sroie/dev/img/*.jpg, box/*.csv (text and its box), key/*.json (fields)
    kleister-nda/dev/expected.json (fields by file), and the files
    invoice2data/dev/*.pdf, *.json (fields)
    bln600/dev/pairs.csv
"""

from eval.datasets.corrections import load_corrections
from eval.datasets.documents import load_documents
from eval.datasets.folders import data_dir, spread
from eval.datasets.ocr_pages import CASE_SENSITIVE, load_ocr_pages
from eval.datasets.records import CorrectionPair, LabelledDocument, OcrPage

__all__ = [
    "CASE_SENSITIVE",
    "CorrectionPair",
    "LabelledDocument",
    "OcrPage",
    "data_dir",
    "load_corrections",
    "load_documents",
    "load_ocr_pages",
    "spread",
]
