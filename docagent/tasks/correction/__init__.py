"""Corrections of OCR errors."""
