"""The HTTP server: ``docagent serve``.

Routes parse a request, call the library, and render what it returns; the types in answers are the
library's own. Every error is a problem detail (RFC 9457). Nothing that a document says reaches a
log, a trace or the label of a metric.
"""
