"""The tasks behind the verbs, one folder each.

``embedded`` does the task on the CPU without a vision-language model; ``cascade`` asks such a model
where the embedded result is unsure.
"""
