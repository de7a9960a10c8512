"""The available OCR engines, fusion of their results, and routing of pages to them."""
