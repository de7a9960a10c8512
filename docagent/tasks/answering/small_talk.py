"""Greetings, thanks and questions about docagent itself, which no document answers."""

from __future__ import annotations

import re

HELP = (
    "I did not find a question about the document; ask for something it may say, such as "
    "'What is the total?', 'When is it due?' or 'Who are the parties?'"
)
_GREETING = (
    r"(?:hi|hello|hey|hiya|greetings|good (?:morning|afternoon|evening|day))(?: there| all)?"
)
_THANKS = r"(?:thanks?(?: you)?(?: (?:so|very) much| a lot)?|cheers|great|ok(?:ay)?|bye|goodbye)"
_ABOUT = (
    r"(?:who|what) are you|how are you(?: doing| today)?|what(?:'s| is) your name|"
    r"what can (?:you do|i ask)(?: for me| you)?|can you help(?: me)?|help(?: me)?|test(?:ing)?"
)
_SMALL_TALK = re.compile(
    rf"(?:{_GREETING}|{_THANKS}|{_ABOUT})(?:[\s,!.]+(?:{_ABOUT}|{_THANKS}))?", re.I
)


def is_small_talk(question: str) -> bool:
    """Whether a text is a greeting, thanks or a question about docagent, and nothing else."""
    return _SMALL_TALK.fullmatch(question.strip(" !?.,")) is not None
