"""Names in CUAD's training contracts with their features and whether they are parties."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from docagent.evidence.field_parser import FieldParser
from docagent.reader.types import Query, Reader
from docagent.rules.name_mentions import name_key
from docagent.rules.parties import party_features
from docagent.schemas import load_schema
from docagent.tasks.extraction.embedded import column_candidates
from eval.datasets import data_dir
from finetune.ranking.cases import text_document
from finetune.reader.text_data import is_validation, named_parties, rows_of


@dataclass(frozen=True)
class PartyRow:
    """A name of a contract. is_read: whether the reader's answers are among its features."""

    document: str
    name: str
    features: dict[str, float]
    is_party: bool
    is_read: bool


def party_rows(reader: Reader) -> Iterator[PartyRow]:
    """The names of each contract: without the reader, and with it where it was not trained on the
    contract."""
    leaf = next(leaf for leaf in load_schema("nda").leaves if leaf.path == "parties[]")
    for row in rows_of(data_dir() / "cuad" / "train.jsonl.xz"):
        field = next(f for f in row["fields"] if f["field"] == "Parties")
        parties = {name_key([a["text"]]) for a in named_parties(field["answers"], field["value"])}
        if not parties:
            continue
        parser = FieldParser(text_document(row["id"], row["text"]), leaf)
        pointed = [[]]
        if is_validation(row["id"]):
            (reading,) = reader.read(parser.document, [Query(text=leaf.query, multiple=True)])
            pointed.append(column_candidates(parser, reading))
        for candidates in pointed:
            for key, mentions in party_features(parser, candidates).items():
                is_party = key in parties
                yield PartyRow(row["id"], key, mentions.features, is_party, bool(candidates))
