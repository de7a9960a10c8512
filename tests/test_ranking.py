"""The ranker: what it chooses, what it says of its probabilities, and files that are none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from docagent.document import UNDECIDED, Document
from docagent.errors import ModelError
from docagent.evidence.field_parser import FieldParser
from docagent.ranking.by_score import ScoreRanker
from docagent.ranking.document_features import DocumentFeatures
from docagent.ranking.features import GROUPS, PoolFeatures, features_of, kind_group
from docagent.ranking.loading import ranker_for
from docagent.ranking.model import RANKER_FILE, Ranker, load_ranker
from docagent.ranking.options import FieldPool
from docagent.ranking.pools import field_pools
from docagent.reader.no_reader import NullReader
from docagent.reader.scripted import Script, ScriptedReader
from docagent.reader.types import Query
from docagent.rules.registry import ALL_RULES, RuleSet
from docagent.schemas import Schema, list_schemas, load_schema
from docagent.settings import RULE_NAMES
from tests.documents import document_of

RECEIPT = document_of(
    [
        "MERRY BAKERY SDN BHD",
        "12 JALAN ENAM, 43000 KAJANG",
        "Date: 05/06/2023",
        "Bread 4.00",
        "Cake 6.00",
        "Total: 10.00",
        "Cash 20.00",
        "Change 10.00",
    ]
)
SCHEMA = load_schema(
    {
        "title": "slip",
        "type": "object",
        "properties": {
            "total": {"type": ["number", "null"], "description": "what is due"},
            "date": {"type": ["string", "null"], "format": "date", "description": "the day"},
            "shop": {"type": ["string", "null"], "description": "who sells"},
        },
    }
)


def pools_of(
    script: Script | None,
    document: Document = RECEIPT,
    schema: Schema = SCHEMA,
    rules: RuleSet = ALL_RULES,
) -> list[FieldPool]:
    """Pools of a scripted reader, or of none."""
    parsers = [FieldParser(document, leaf) for leaf in schema.leaves]
    if script is None:
        return field_pools(schema, parsers, None, rules)
    queries = [Query(text=leaf.query, multiple=leaf.multiple) for leaf in schema.leaves]
    readings = ScriptedReader(script).read(document, queries)
    by_path = {leaf.path: one for leaf, one in zip(schema.leaves, readings, strict=True)}
    return field_pools(schema, parsers, by_path, rules)


def features(pools: list[FieldPool], document: Document = RECEIPT) -> list[PoolFeatures]:
    return features_of(pools, DocumentFeatures(document, UNDECIDED), UNDECIDED)


def values(pool: FieldPool) -> list[object]:
    return [option.best.parsed.value for option in pool.options]


def test_candidates_of_one_value_are_one_option_of_all_their_sources() -> None:
    (total, *_) = pools_of({"what is due": [("10.00", 0.7), ("20.00", 0.2)]})
    assert sorted(map(str, values(total))) == ["10.0", "20.0"]
    option = next(o for o in total.options if o.best.parsed.value == 10.0)
    assert {place.rule for place in option.places} >= {"", "labels"}


def test_probabilities_of_a_field_add_up_to_one() -> None:
    found = load_ranker().rank(features(pools_of({"what is due": [("20.00", 0.9)]})))
    assert len(found) == len(SCHEMA.leaves)
    for ranked in found:
        assert sum(ranked.options) + ranked.absent + ranked.missed == pytest.approx(1)


def test_a_printed_label_outweighs_a_guess_of_the_reader() -> None:
    pools = pools_of({"what is due": [("20.00", 0.5), ("10.00", 0.2)]})
    (ranked, *_) = load_ranker().rank(features(pools))
    best = int(np.argmax(ranked.options))
    assert values(pools[0])[best] == 10.0


def test_rules_alone_choose_without_a_reader() -> None:
    pools = pools_of(None)
    assert all(pool.absence is None for pool in pools)
    (total, date, _) = load_ranker().rank(features(pools))
    assert max(total.options) > total.absent
    assert max(date.options) > date.absent


def test_a_source_that_the_weights_do_not_know_changes_nothing() -> None:
    pools = pools_of({"what is due": [("10.00", 0.7)]})
    known = features(pools)
    more = [
        replace(one, options=tuple({**o, "rule.tomorrow.has": 1.0} for o in one.options))
        for one in known
    ]
    assert load_ranker().rank(more) == load_ranker().rank(known)


def test_a_field_without_options_is_absent_or_missed() -> None:
    (_, _, shop) = load_ranker().rank(features(pools_of({}, rules=RuleSet(()))))
    assert shop.options == ()
    assert shop.absent + shop.missed == pytest.approx(1)


def test_no_feature_names_a_field_or_a_schema() -> None:
    with np.load(RANKER_FILE) as arrays:
        names = {str(name) for part in ("option", "field") for name in arrays[f"{part}_names"]}
    paths = {leaf.path for schema in list_schemas() for leaf in schema.leaves} | {
        schema.name for schema in list_schemas()
    }
    parts = {part for name in names for part in name.split(".")}
    # Kinds of value and rules are named like some fields.
    assert parts & paths <= {*GROUPS, *RULE_NAMES}


@pytest.mark.parametrize(
    ("kind", "group"),
    [({"type": "number"}, "number"), ({"type": "string", "format": "date"}, "date"), ({}, "text")],
)
def test_kinds_of_value(kind: dict[str, str], group: str) -> None:
    schema = load_schema({"type": "object", "properties": {"thing": kind or {"type": "string"}}})
    assert kind_group(schema.leaves[0]) == group


@pytest.mark.parametrize(
    ("script", "chosen", "absent"),
    [
        ({"what is due": [("20.00", 0.9)]}, 20.0, 0.0),  # 0.9 against the label's 0.35
        ({"what is due": [("20.00", 0.2)]}, 10.0, 0.0),  # the reader says absent, a label is there
    ],
)
def test_a_reader_of_ones_own_is_ranked_by_score(
    script: Script, chosen: float, absent: float
) -> None:
    pools = pools_of(script, rules=RuleSet(("labels",)))
    (ranked, *_) = ScoreRanker().rank(features(pools))
    assert values(pools[0])[int(np.argmax(ranked.options))] == chosen
    assert ranked.absent == absent


def test_the_learned_ranker_is_for_the_readers_it_knows() -> None:
    assert isinstance(ranker_for(NullReader()), Ranker)
    assert isinstance(ranker_for(ScriptedReader({})), ScoreRanker)


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "ranker.npz").write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(ModelError, match=r"ranker\.npz: not a ranker"):
        load_ranker(tmp_path)


def test_a_file_with_missing_arrays_is_named(tmp_path: Path) -> None:
    np.savez(tmp_path / "ranker.npz", option_names=np.array(["a"]))
    with pytest.raises(ModelError, match="not a ranker"):
        load_ranker(tmp_path)


def test_a_folder_without_a_ranker_uses_the_shipped_one(tmp_path: Path) -> None:
    assert load_ranker(tmp_path) is load_ranker()
