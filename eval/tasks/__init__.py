"""One comparison a file: what is run, how it is scored, what is printed."""
