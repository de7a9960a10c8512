"""Evidence for values: candidates, their place on the page, and checks between fields."""
