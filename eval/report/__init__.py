"""docs/report.md, made of what the commands left in ``runs/``."""
