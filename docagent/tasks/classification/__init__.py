"""The kind of a document."""
