"""Any source of pages: image files, PDFs, arrays. Nothing here recognises text."""
