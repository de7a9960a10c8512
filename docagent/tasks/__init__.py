"""The verbs' work, a folder each: ``embedded`` without a model, ``cascade`` with one."""
