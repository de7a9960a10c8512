"""The embedded result first; what it is unsure of goes to a vision-language model.

What the model says is held to the page: it names lines, code finds its words on them. Values
that agree gain confidence, values that do not lose it, and nothing without evidence counts.
"""
