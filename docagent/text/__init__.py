"""Text processing: normalisation of values, tokens, accents, and a language model of words."""
