"""Sources of candidates that need no network, each with a name and a switch (``registry``)."""
