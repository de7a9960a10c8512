"""OpenAI's protocols, so that any chat client can ask about documents, with citations as links."""
