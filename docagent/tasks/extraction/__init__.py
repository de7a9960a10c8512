"""Fields of a schema."""
