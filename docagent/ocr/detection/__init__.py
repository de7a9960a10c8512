"""Text detection: where the lines of a page are."""
