"""The cascade: the embedded result first; what it is unsure of goes to a vision-language model.

A model's claims are verified on the page: it names lines, code finds its words on them. Values
that agree gain confidence, values that differ lose it, and nothing without evidence counts.

    document_view    what a model is shown: numbered lines, pictures, crops
    answer_format    JSON Schema of an answer, and parsing of one that breaks off
    verification     a claim becomes a field with evidence, or a complaint
    weighing         two readings of one field
    part_splitting   parts cut smaller
    request_loop     the driver: rounds of requests, repairs, splitting, the usage report
    usage_report     how much was asked and answered
"""
