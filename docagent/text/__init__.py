"""Text as characters: normalisation of values, tokens, accents, a small language model."""
