"""Train the language model that corrections use: python -m finetune.language_model

Counts words, word pairs and character n-grams; a few seconds on one core. Text it counts, all
of which may be used and shipped: Debian's English word lists (SCOWL), names, places and
companies from Faker, the manual inside Python (for how common English words are), the
descriptions in ``extraction_schemas`` and ``domain_text.txt``, written for this.
"""

from __future__ import annotations

import argparse
import json
import math
import pydoc_data.topics
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from faker import Faker

from docagent.errors import SourceError
from docagent.text.language_model import (
    END,
    MAX_NGRAM_LENGTH,
    START,
    WEIGHTS,
    LanguageModel,
    digits_to_class,
    dump_language_model,
    word_parts,
)

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
LISTED_WEIGHT = 2.0
WORD_LISTS = {
    Path("/usr/share/dict/american-english"): LISTED_WEIGHT,
    Path("/usr/share/dict/british-english"): LISTED_WEIGHT,
    Path("/usr/share/dict/american-english-large"): 0.5,
}
LOCALES = ("en_US", "en_GB", "en_IN", "de_DE", "fr_FR", "es_ES", "it_IT", "pt_BR", "nl_NL")
NAMES_PER_LOCALE = 600
NAME_WEIGHT, MANUAL_WEIGHT, DOMAIN_WEIGHT = 1.0, 1.0, 40.0
NUMBER_WEIGHT = 2000
ONE_LETTER_WORDS = ("a", "A", "i", "I")
LEAST_PAIRS = 2
LEAST_GRAMS = 4.0


def main() -> None:
    """Count, write the weights and print the sizes."""
    parser = argparse.ArgumentParser(description="Train the language model for corrections")
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="weight file to write")
    parser.add_argument(
        "--word-list",
        type=Path,
        action="append",
        help="text whose words count, instead of Debian's lists; may be given again",
    )
    parser.add_argument(
        "--names", type=int, default=NAMES_PER_LOCALE, help="names drawn for each locale"
    )
    args = parser.parse_args()
    lists = dict.fromkeys(args.word_list, LISTED_WEIGHT) if args.word_list else WORD_LISTS
    model, out = train(lists, args.names), args.out
    data = dump_language_model(model)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(data)
    sizes = f"{len(model.words)} words, {len(model.pairs)} pairs, {len(model.grams)} n-grams"
    print(f"{out}: {len(data) / 1e6:.2f} MB; {sizes}")


def train(
    word_lists: Mapping[Path, float] = WORD_LISTS, names_per_locale: int = NAMES_PER_LOCALE
) -> LanguageModel:
    """Count all text. The same text gives the same model.

    word_lists: files of words with what a word of theirs counts. Raises SourceError if there is
    none of them.
    """
    words = listed_words(word_lists)
    for name in names(names_per_locale):
        add_text(words, name, NAME_WEIGHT)
    pairs: Counter[str] = Counter()
    for passage, weight in prose():
        parts = add_text(words, passage, weight)
        pairs.update(f"{a} {b}" for a, b in pairwise(parts))
    return LanguageModel(words=word_costs(words), pairs=pair_costs(pairs), grams=gram_costs(words))


def listed_words(word_lists: Mapping[Path, float]) -> Counter[str]:
    """Weights of the words in the lists that are there, without possessives and letters.

    Numbers of up to eight digits (one class) are words too.
    """
    counts: Counter[str] = Counter()
    for path, weight in word_lists.items():
        for word in path.read_text("utf-8").split() if path.exists() else ():
            if word.isalpha() and (len(word) > 1 or word in ONE_LETTER_WORDS):
                counts[word.lower()] += weight  # type: ignore[assignment]
    if not counts:
        raise SourceError(
            ", ".join(map(str, word_lists)),
            "no words are there; install Debian's packages wamerican-large and wbritish, or name "
            "a list with --word-list",
        )
    return counts + Counter({"0" * digits: NUMBER_WEIGHT // digits for digits in range(1, 9)})


def names(per_locale: int) -> Iterator[str]:
    """People, companies, addresses and jobs of several countries."""
    for seed, locale in enumerate(LOCALES):
        fake = Faker(locale)
        fake.seed_instance(seed)
        for _ in range(per_locale):
            yield f"{fake.name()} {fake.company()} {fake.address()} {fake.job()}"


def prose() -> Iterator[tuple[str, float]]:
    """Sentences with their weight."""
    for topic in pydoc_data.topics.topics.values():
        # Words between quotes, stars and in indented blocks are code, not English.
        plain = re.sub(r"\"[^\"]*\"|\*\S+\*|^ {6,}.*$|\S*[_()=<>\[\]]\S*", " ", topic, flags=re.M)
        yield from ((sentence, MANUAL_WEIGHT) for sentence in re.split(r"[.:;]\s", plain))
    domain = (HERE / "domain_text.txt").read_text("utf-8")
    yield from ((line, DOMAIN_WEIGHT) for line in domain.splitlines())
    for path in sorted((ROOT / "extraction_schemas").rglob("*.json")):
        for text in descriptions(json.loads(path.read_text("utf-8"))):
            yield text, DOMAIN_WEIGHT / 4


def descriptions(schema: Any) -> Iterator[str]:
    """Titles and descriptions anywhere inside a JSON Schema."""
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key in ("title", "description") and isinstance(value, str):
                yield value
            else:
                yield from descriptions(value)
    elif isinstance(schema, list):
        for item in schema:
            yield from descriptions(item)


def add_text(words: Counter[str], text: str, weight: float) -> list[str]:
    """Count the words of a text; returns them, lower-case, digits as one class."""
    parts = [digits_to_class(part.lower()) for word in text.split() for part in word_parts(word)]
    for part in parts:
        if part.isalpha() and (len(part) > 1 or part in ONE_LETTER_WORDS):
            words[part] += weight  # type: ignore[assignment]
    return parts


def word_costs(words: Counter[str]) -> dict[str, float]:
    """Costs by damped frequency, so that domain words do not drown the rest."""
    damped = {word: count**0.75 for word, count in words.items() if word.isprintable()}
    total = sum(damped.values())
    return {word: -math.log(weight / total) for word, weight in damped.items()}


def pair_costs(pairs: Counter[str]) -> dict[str, float]:
    """Cost of the second word after the first, for pairs seen at least LEAST_PAIRS times."""
    firsts: Counter[str] = Counter()
    for pair, count in pairs.items():
        firsts[pair.split()[0]] += count
    return {
        pair: -math.log(count / (firsts[pair.split()[0]] + 5))
        for pair, count in pairs.items()
        if count >= LEAST_PAIRS
    }


def gram_costs(words: Counter[str]) -> dict[str, float]:
    """Costs of 1 to MAX_NGRAM_LENGTH characters; rare long n-grams are left to shorter ones."""
    counts: Counter[str] = Counter()
    for word, count in words.items():
        padded, weight = START + word + END, 1 + math.log1p(count)
        for i in range(1, len(padded)):
            for length in range(min(i, MAX_NGRAM_LENGTH - 1) + 1):
                counts[padded[i - length : i + 1]] += weight  # type: ignore[assignment]
    contexts: Counter[str] = Counter()
    for gram, count in counts.items():
        contexts[gram[:-1]] += count
    return {
        gram: -math.log(count / contexts[gram[:-1]])
        for gram, count in counts.items()
        if len(gram) < 3 or count >= LEAST_GRAMS * len(gram)
    }
