"""Reading order as OCR uses it; the method lives below, where the PDF text layer needs it too."""

from docagent.reading_order import group_words_into_lines, order_lines

__all__ = ["group_words_into_lines", "order_lines"]
