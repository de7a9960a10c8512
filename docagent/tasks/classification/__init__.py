"""Classification: the kind of a document, as the name of a schema."""
