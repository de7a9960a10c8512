"""PDFs, parsed in a process of their own: rendered pages and native text layers."""
