"""Text detection: the position of every text line on a page."""
