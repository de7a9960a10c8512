"""Summarisation in sentences with evidence."""
