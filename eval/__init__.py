"""How well docagent reads and extracts, measured beside other engines.

Metrics are pure functions; datasets and engines load what they compare; every runner opens
with its command line. Long runs write to a ledger under ``runs/`` and can be resumed.
"""
