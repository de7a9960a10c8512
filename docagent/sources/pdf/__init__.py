"""PDFs: rendered pages and native text layers, parsed in separate processes."""
