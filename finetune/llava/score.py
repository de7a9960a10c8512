"""Score a checkpoint on held-out synthetic samples, token by token and greedily.

    python -m finetune.llava score --checkpoint finetune/checkpoints/llava_tiny --count 40

Shares of answer tokens foretold from the right ones before them, apart for line ids, digits,
words, and the choice whether a value is there; with ``--greedy`` also whole answers.
"""

from __future__ import annotations

import argparse
import random
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any

import torch

from finetune.llava.batches import encoded_samples
from finetune.llava.checkpoint import load_checkpoint_folder, pixel_values
from finetune.llava.config import argument, checkpoint_folder, load_settings
from finetune.llava.data import DEFAULT
from finetune.llava.encoding import Encoded
from finetune.llava.scoring import score_greedy
from finetune.llava.train import HELD_OUT_SEED

_LINE_ID = re.compile(r"L\d+")


def token_kind(text: str, before: str) -> str:
    """What a token of an answer is, by its text and that of the token before it."""
    if _LINE_ID.fullmatch(text):
        return "line id"
    if text.startswith('":{"lines":['):
        return "value there or not"
    first = "first of a value: " if before.startswith('"],"how"') else ""
    if text.isdigit():
        return f"{first}digit"
    if not set(text) - set('{}[]":, ') or "<|" in text or '"' in text:
        return "form"
    return f"{first}word"


def foretold(model: Any, tokenizer: Any, samples: Iterator[Encoded]) -> dict[str, tuple[int, int]]:
    """Right and all tokens by kind."""
    right: Counter[str] = Counter()
    all_of: Counter[str] = Counter()
    for one in samples:
        ids = torch.from_numpy(one.ids.astype("int64"))[None]
        shown = {} if one.pixels is None else {"pixel_values": pixel_values(one.pixels)}
        with torch.no_grad():
            said = model(input_ids=ids, **shown).logits[0, one.start - 1 : -1].argmax(-1).tolist()
        texts = [tokenizer.decode([token]) for token in one.ids]
        for place, token in enumerate(said, start=one.start):
            kind = token_kind(texts[place], texts[place - 1])
            all_of[kind] += 1
            right[kind] += int(token == int(one.ids[place]))
    return {kind: (right[kind], all_of[kind]) for kind in sorted(all_of)}


def main() -> None:
    """Parse the command line and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--checkpoint", type=argument(checkpoint_folder), required=True)
    parser.add_argument(
        "--config",
        type=argument(load_settings),
        default=str(DEFAULT),
        help="its data section is used",
    )
    parser.add_argument("--count", type=int, default=40, help="samples")
    parser.add_argument("--greedy", action="store_true", help="answer as well; slow")
    args = parser.parse_args()
    torch.set_num_threads(1)
    settings = args.config
    model, processor = load_checkpoint_folder(args.checkpoint)
    rng = random.Random(HELD_OUT_SEED)
    longest = settings.training.longest
    stream = encoded_samples(processor, settings.data.as_served, rng, lambda: longest)
    samples = list(islice(stream, args.count))
    table = foretold(model, processor.tokenizer, iter(samples))
    table["all"] = tuple(map(sum, zip(*table.values(), strict=True)))  # type: ignore[assignment]
    print("| token of an answer | right | of |\n|---|---|---|")
    for kind, (hits, total) in table.items():
        print(f"| {kind} | {hits / total:.3f} | {total} |")
    if args.greedy:
        print(f"\ngreedy: {score_greedy(model, processor.tokenizer, samples)}")
