"""Sources of pages: image files, PDFs and arrays become page images and native text layers."""
