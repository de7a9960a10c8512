"""How well docagent reads and extracts, measured beside other engines.

A file here with the name of a command (``python -m eval.ocr``) starts it and nothing else; what
the commands do is in the folders:

    tasks/        comparisons: OCR, crops, confidence, extraction, cascade, kinds of page
    analysis/     errors by cause, degradations in steps, pictures of both
    performance/  time by stage, time with several workers, memory
    report/       docs/report.md, made of the results in runs/
    systems/      the OCR engines and the baseline that are compared
    datasets/     labelled sets and how they are loaded
    metrics/      scores as pure functions
    vllm/         docagent against a real vLLM server

``run`` has engines read a set in processes of their own, ``log`` keeps what they read, so that a
stopped run can go on.
"""
