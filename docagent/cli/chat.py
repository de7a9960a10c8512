"""``docagent chat``: questions typed at a prompt, or read one a line from standard input."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from docagent.agent import DocAgent
from docagent.chat.conversation import Chat
from docagent.cli import printing as tables
from docagent.cli.progress import Progress
from docagent.cli.settings_from_arguments import opening_options, to_settings, verb_options
from docagent.errors import SettingsError
from docagent.jobs.inputs import STDIN
from docagent.results import ChatEvent, Turn
from docagent.verbs import VERBS

PROMPT = "> "
GREETING = "Ask about {name} ({pages}). An empty line or Ctrl-D ends."


def run_chat(args: argparse.Namespace) -> int:
    """Answers questions until there are no more; returns 0, or 2 if one could not be asked.

    Raises DocAgentError for a wrong source or argument.
    """
    if args.file == STDIN:
        raise SettingsError("- is not a document here, as questions come from standard input")
    verb = VERBS[args.verb]
    options = verb_options(verb, args)
    progress = Progress(1, args.quiet)
    agent = DocAgent(to_settings(args))
    scan = agent.load(Path(args.file), **opening_options(args))
    agent.read(scan, lambda done, total: progress.show(0, args.file, done, total))
    chat: Chat = verb.run(agent, scan, options)
    progress.clear()
    for page in chat.document.pages:
        if page.error:
            progress.error(f"docagent: page {page.number} could not be read: {page.error}")
    code = 2 if any(page.error for page in chat.document.pages) else 0
    for question in _questions(chat, args.quiet):
        code = max(code, _one(chat, question, args, progress))
    return code


def _questions(chat: Chat, quiet: bool) -> Iterator[str]:
    """Lines of standard input that are not empty; at a terminal up to the first empty one."""
    if not sys.stdin.isatty():
        yield from (line.strip() for line in sys.stdin if line.strip())
        return
    if not quiet:
        count = len(chat.document.pages)
        pages = f"{count} page{'s' if count > 1 else ''}"
        print(GREETING.format(name=chat.document.name, pages=pages), file=sys.stderr)
    while question := _typed():
        yield question


def _typed() -> str:
    """A line typed at the prompt; empty at the end of input."""
    try:
        return input(PROMPT if sys.stdout.isatty() else "").strip()
    except EOFError:
        print()
        return ""


def _one(chat: Chat, question: str, args: argparse.Namespace, progress: Progress) -> int:
    try:
        for event in chat.stream(question):
            if event.turn is not None:
                _print_turn(event.turn, args.json)
            elif sys.stderr.isatty() and (note := _note(chat, event)):
                progress.note(tables.printable(note).plain)
    except SettingsError as error:  # a question that is too long does not end the conversation
        progress.error(f"docagent: {error}")
        if args.json:
            line = {"question": question, "error": str(error), "code": error.code}
            print(json.dumps(line, ensure_ascii=False))
        return 2
    return 0


def _note(chat: Chat, event: ChatEvent) -> str:
    """What is being done, for somebody who waits; nothing where it goes without saying."""
    if event.kind == "pages" and len(event.pages) < len(chat.document.pages):
        return f"  reading pages {', '.join(map(str, event.pages))}"
    if event.kind == "model":
        return f"  asking {event.text}"
    return f"  {event.text}" if event.kind == "tool" else ""


def _print_turn(turn: Turn, as_json: bool) -> None:
    if as_json:
        print(turn.model_dump_json(by_alias=True))
    else:
        if turn.read_as != turn.question:
            tables.console().print(tables.printable(f"({turn.read_as})"))
        tables.print_turn(turn)
        tables.print_use(turn.vlm)
    sys.stdout.flush()  # a program that pipes questions in may wait for each answer
