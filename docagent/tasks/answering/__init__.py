"""Answering of questions about a document, with citations."""
