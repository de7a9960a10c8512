"""Candidate sources that need no network: printed labels, parties, table headers and rows."""
