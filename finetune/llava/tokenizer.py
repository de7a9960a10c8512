"""A byte-level BPE tokenizer for our prompts, and the chat template.

Sentences of the shipped prompts, the fixed parts of an answer and the names of fields are tokens of
their own, and so are line ids; digits are single. A picture of a page and its text so fit into a
short context, and an answer is little more than the choice of lines and the copied value.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

from tokenizers import AddedToken, Tokenizer, decoders, pre_tokenizers
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel
from tokenizers.trainers import BpeTrainer

from docagent.schemas import list_schemas
from docagent.vlm.prompts.templates import builtin_folder, load_template
from finetune.llava.documents import draw_document, read_document
from finetune.llava.tasks import Asked, Sample, ask_sample, correct_sample, extract_sample
from finetune.synthesis.documents import KINDS

PAD, SYSTEM, USER, ASSISTANT, END, IMAGE = (
    "<pad>",
    "<|system|>",
    "<|user|>",
    "<|assistant|>",
    "<|end|>",
    "<image>",
)
SPECIAL = (PAD, SYSTEM, USER, ASSISTANT, END, IMAGE)
PROMPTS = ("extract", "ask", "correct")
LEAST_PHRASE = 12
"""Characters of a piece of a template that becomes a token."""

_CELL = ('{"lines":["', '{"lines":[],"how":"absent","value":null}')
ANSWER_PHRASES = (
    *_CELL,
    *(f'":{cell}' for cell in _CELL),
    *(f'":[{cell}' for cell in _CELL),
    *(f'"],"how":"{how}","value":"' for how in ("verbatim", "corrected", "derived")),
    *('{"answers":[', '{"', '":"', '":[{"', '","', '"},"', '"}}', '"}]}', '"},', ',"'),
)
"""Pieces that every answer is made of, without spaces: the grammars of ``docagent vlm serve`` allow
none between the parts of JSON."""

# A text alone may come as a string or as the one block of a list; both give the same tokens.
CHAT_TEMPLATE = (
    "{%- for message in messages -%}"
    "{{ '<|' + message['role'] + '|>' }}"
    "{%- if message['content'] is string -%}{{ message['content'] }}"
    "{%- if message['role'] == 'user' -%}{{ '\n' }}{%- endif -%}"
    "{%- else -%}"
    "{%- for block in message['content'] -%}"
    "{%- if block['type'] == 'text' -%}{{ block['text'] }}"
    "{%- elif block['type'] in ['image', 'image_url'] -%}{{ '<image>' }}"
    "{%- endif -%}"
    "{%- if message['role'] == 'user' -%}{{ '\n' }}{%- endif -%}"
    "{%- endfor -%}"
    "{%- endif -%}"
    "{{ '<|end|>' }}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{ '<|assistant|>' }}{%- endif -%}"
)
_TAG = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\n", re.S)


def prompt_phrases() -> list[str]:
    """The fixed pieces of the shipped templates, line by line; ASCII only, as byte-level decoding
    would turn other characters of a whole token into bytes."""
    phrases = ["BEGIN DOCUMENT ", "END DOCUMENT "]
    for name in PROMPTS:
        load_template(name)  # names what is wrong with a damaged template
        body = (builtin_folder() / f"{name}.jinja").read_text("utf-8").split("---\n", 2)[2]
        phrases += _TAG.split(body)
    return [p for p in dict.fromkeys(phrases) if len(p) >= LEAST_PHRASE and p.isascii()]


def field_tokens() -> tuple[list[str], list[str]]:
    """How the fields of the shipped schemas begin in the list of what is asked for, and their
    names, which are the keys of answers."""
    paths = dict.fromkeys(leaf.path for schema in list_schemas() for leaf in schema.leaves)
    names = dict.fromkeys(path.removesuffix("[]").rpartition(".")[2] for path in paths)
    return [f"- {path} (" for path in paths], list(names)


def training_texts(documents: int, seed: int) -> Iterator[str]:
    """Texts of requests and answers about synthetic documents of every kind."""
    rng = random.Random(seed)
    asked = Asked(chars=3000, images=(0,))
    for number in range(documents):
        read = read_document(draw_document([KINDS[number % len(KINDS)]], rng), rng)
        if read is None:
            continue
        for make in (extract_sample, ask_sample, correct_sample):
            sample = make(read, rng, asked)
            if sample is not None:
                yield sample_text(sample)


def sample_text(sample: Sample) -> str:
    """All text of a sample."""
    parts = []
    for message in sample.messages:
        content = message["content"]
        blocks = [{"text": content}] if isinstance(content, str) else content
        parts += [block.get("text", "") for block in blocks]
    return "\n".join([*parts, sample.answer])


def train_tokenizer(vocabulary: int, line_ids: int, documents: int, seed: int) -> Tokenizer:
    """A tokenizer with ``vocabulary`` tokens at most, the same for the same arguments."""
    asked, names = field_tokens()
    phrases = [*prompt_phrases(), *ANSWER_PHRASES, *asked]
    ids = [f"L{number}" for number in range(1, line_ids + 1)]
    room = vocabulary - len(SPECIAL) - len(phrases) - 2 * len(ids) - len(names)
    if room < 512:
        raise ValueError(
            f"vocabulary {vocabulary} leaves {room} tokens for text beside {len(phrases)} phrases "
            f"and {len(ids)} line ids; give at least {vocabulary + 512 - room}"
        )
    tokenizer = Tokenizer(BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = BpeTrainer(
        vocab_size=room,
        initial_alphabet=sorted(ByteLevel.alphabet()),
        show_progress=False,
        min_frequency=2,
    )
    # What is a token of its own must not shape the merges of other text.
    longest_first = sorted(phrases, key=len, reverse=True)
    apart = re.compile("|".join(map(re.escape, longest_first)) + r"|\bL\d+\b(?:\| )?")
    texts = (piece for t in training_texts(documents, seed) for piece in apart.split(t) if piece)
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in SPECIAL])
    # A line begins with its id, a bar and a space: so its first word is spelt as in an answer.
    whole = [*phrases, *(f"{name}| " for name in ids)]
    tokenizer.add_tokens([AddedToken(p, normalized=False) for p in whole])
    # Names of fields are one token, so that a key of an answer is.
    pieces = [name for name in names if len(tokenizer.encode(name).ids) > 1]
    words = [*ids, *pieces]
    tokenizer.add_tokens([AddedToken(w, normalized=False, single_word=True) for w in words])
    return tokenizer


def token_texts(tokenizer: Tokenizer) -> list[str]:
    """Every token as the vocabulary spells it, a space before a word as ``Ġ``."""
    return [tokenizer.id_to_token(i) or "" for i in range(tokenizer.get_vocab_size())]
