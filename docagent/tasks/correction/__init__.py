"""Correction of OCR errors, as a list of edits."""
