"""Text recognition: from a crop of one text line to its characters."""
