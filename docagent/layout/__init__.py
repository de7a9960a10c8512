"""Spatial relations of words: reading order, columns, numbered lines."""
