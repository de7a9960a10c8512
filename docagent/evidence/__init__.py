"""From words of a page to values that can be proven: candidates, grounding, checks."""
