"""How the shipped weights are made: synthetic data, training, adaptation, and studies of both.

``recipes/`` has a script from nothing to each weight; ``README.md`` has the commands. Modules at
the top of this package are commands: ``python -m finetune.recognizer`` and the like.
"""
