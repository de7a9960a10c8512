"""How well tables are found, on pages that the project draws."""
