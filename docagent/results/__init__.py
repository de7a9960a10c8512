"""What the tasks return: extractions, corrections, answers, classifications, summaries."""

from docagent.results.answer import Answer, ChatEvent, Step, Turn
from docagent.results.classification import Classification, KindScore
from docagent.results.correction import Correction, Coverage, CoverageWord, Edit
from docagent.results.extraction import Check, CheckKind, CheckStatus, Extracted, Extraction, Field
from docagent.results.finding import Abstention, Evidence, Finding, How, Source, Status
from docagent.results.summary import Sentence, Summary

__all__ = [
    "Abstention",
    "Answer",
    "ChatEvent",
    "Check",
    "CheckKind",
    "CheckStatus",
    "Classification",
    "Correction",
    "Coverage",
    "CoverageWord",
    "Edit",
    "Evidence",
    "Extracted",
    "Extraction",
    "Field",
    "Finding",
    "How",
    "KindScore",
    "Sentence",
    "Source",
    "Status",
    "Step",
    "Summary",
    "Turn",
]
