"""A LLaVA of our own: built from a configuration, trained on synthetic documents."""
