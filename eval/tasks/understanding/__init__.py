"""What docagent understands of the documents of every labelled set, without a model server."""
