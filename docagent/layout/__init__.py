"""Where words stand to each other: reading order, columns, numbered lines."""
