"""Runs one verb over many inputs: finds them, skips finished ones, reads ahead, writes results.

The command line, an HTTP server and a cluster share this package. It parses no arguments and
prints nothing: a ``Batch`` yields events, and its caller decides what to show.
"""

from docagent.jobs.batch import Batch, Job
from docagent.jobs.events import (
    Event,
    Failed,
    Finished,
    Outcome,
    Read,
    Redone,
    Skipped,
    Started,
    Tabled,
)
from docagent.jobs.inputs import Input, expand_inputs
from docagent.jobs.outputs import Destination

__all__ = [
    "Batch",
    "Destination",
    "Event",
    "Failed",
    "Finished",
    "Input",
    "Job",
    "Outcome",
    "Read",
    "Redone",
    "Skipped",
    "Started",
    "Tabled",
    "expand_inputs",
]
