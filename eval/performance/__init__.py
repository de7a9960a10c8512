"""Time and memory: of stages, of a whole extraction, of several workers."""
