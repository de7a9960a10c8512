"""PDFs, parsed in processes of their own: rendered pages and native text layers."""
