"""Text recognition: what the lines of a page say."""
