"""Several questions about one document: retrieval, follow-ups, tools, and the conversation.

Nothing is shown that was not found on the page before; what a model calculates is shown as
derived, with the printed numbers it was made of.
"""
