"""The kind of a document by the cascade: a model is asked where the words of the page do not tell.

Its kind counts for as much as it is trusted where the lines it names have words of that kind;
without them it is shown as concluded, and proves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from docagent.cascade.answer_format import is_object, members, problem
from docagent.cascade.document_view import Look, Part
from docagent.cascade.usage_report import to_use
from docagent.cascade.weighing import agreed, disputed
from docagent.confidence import THRESHOLDS
from docagent.evidence.grounding import ground_words
from docagent.layout.numbered_lines import defuse
from docagent.results import Classification
from docagent.tasks.classification.embedded import NAMED, KindWords
from docagent.vlm.calls import Asker, Reply, Request

MOST_LINES = 6
REPAIRS = 1


@dataclass(frozen=True)
class _Heard:
    """A usable answer, as a classification of its own; or why there is none."""

    found: Classification | None = None
    complaint: str = ""


def classify_unsure(
    look: Look, fast: Classification, asker: Asker, kinds: KindWords
) -> Classification:
    """The kind that the words tell if it is sure, or else what they and a model together say.
    Never raises for what the model does; ``vlm`` of the result tells."""
    mode = look.settings.vlm.effective_mode
    if not look.lines or not (mode == "always" or is_unsure(fast)):
        return fast.replace(vlm=to_use(mode, asker, 0, 0))
    heard = _Heard()
    for _ in range(REPAIRS + 1):
        # What kind a document is stands at its beginning.
        request = _request(look, look.parts[0], kinds, heard.complaint)
        heard = _hear(look, look.parts[0], kinds, asker.ask(request))
        if heard.found is not None:
            break
    use = to_use(mode, asker, 1, int(heard.found is None))
    if heard.found is None:
        return fast.noted("the model gave no usable answer").replace(vlm=use)
    weighed = _weigh(fast, heard.found, look.settings.vlm.trust)
    return weighed.replace(vlm=use)


def is_unsure(fast: Classification) -> bool:
    """Whether a model is asked for the kind."""
    return fast.kind is None or (fast.confidence or 0.0) < THRESHOLDS.unsure


def kind_schema(part: Part, kinds: KindWords) -> dict[str, Any]:
    """JSON Schema of an answer; line ids can only be those of the page, kinds those there are."""
    names = [schema.name for schema in kinds.schemas]
    ids = [line.id for line in part]
    lines = {"type": "array", "maxItems": MOST_LINES, "items": {"enum": ids}}
    return {
        "type": "object",
        "properties": {"lines": lines, "kind": {"enum": [*names, None]}},
        "required": ["lines", "kind"],
        "additionalProperties": False,
    }


def _request(look: Look, part: Part, kinds: KindWords, complaint: str) -> Request:
    told = [
        {"name": schema.name, "meaning": defuse(schema.description or schema.title)}
        for schema in kinds.schemas
    ]
    return look.request(
        "classify",
        {"kinds": told, "complaints": [complaint] if complaint else []},
        part,
        ["kind"],
        json_schema=kind_schema(part, kinds),
        is_usable=is_object,
    )


def _hear(look: Look, part: Part, kinds: KindWords, reply: Reply) -> _Heard:
    schema = kind_schema(part, kinds)
    said = {key: value for key, value in members(reply.text).items() if key in schema["properties"]}
    wrong = problem({"properties": {"answer": schema}}, "answer", said)
    if wrong:
        return _Heard(complaint=f"the answer: {wrong}")
    if said["kind"] is None:
        return _Heard(Classification(document_id=look.document.id, source="vlm", how="absent"))
    if not said["lines"]:
        return _Heard(complaint="lines: name those that tell")
    return _Heard(_claimed(look, kinds, said))


def _claimed(look: Look, kinds: KindWords, said: Mapping[str, Any]) -> Classification:
    """The kind a model names, with its lines as evidence where they have words of that kind."""
    named = [look.by_id[line] for line in dict.fromkeys(said["lines"])]
    lines = sorted(named, key=lambda line: line.start)
    kind = str(said["kind"])
    (schema,) = (schema for schema in kinds.schemas if schema.name == kind)
    found = Classification(
        document_id=look.document.id, kind=kind, domain=schema.domain, source="vlm", how="derived"
    )
    if not kinds.tell(look.document, lines, kind):
        ids = ", ".join(line.id for line in lines)
        message = f"concluded by the model from lines {ids}; they have no words of that kind"
        return found.replace(message=message)
    trust = look.settings.vlm.trust
    evidence = tuple(e for n in lines for e in ground_words(look.document, n.start, n.end))
    return found.replace(how="verbatim", confidence=trust, evidence=evidence)


def _weigh(fast: Classification, model: Classification, trust: float) -> Classification:
    """What the words of the page and a model say together."""
    if model.kind is None:
        return _unfound(fast, trust)
    model = model.replace(kinds=fast.kinds)
    if model.confidence is None:
        # Nothing on the page speaks for it: it stands only where nothing else does.
        return model.replace(domain=fast.domain) if fast.kind is None else fast
    if fast.kind is None:
        return _beside_unknown(fast, model)
    if fast.kind != model.kind:
        return _contested(fast, model)
    confidence = agreed(fast.confidence or 0.0, model.confidence)
    return fast.replace(confidence=confidence)


def _beside_unknown(fast: Classification, model: Classification) -> Classification:
    """A kind of the model where the words did not tell enough: they may still speak for it."""
    words = next((score.confidence for score in fast.kinds if score.kind == model.kind), 0.0)
    confidence = agreed(words, model.confidence or 0.0)
    if confidence < NAMED:
        return fast.noted(f"the model says {model.kind}")
    return model.replace(confidence=confidence)


def _contested(fast: Classification, model: Classification) -> Classification:
    a, b = fast.confidence or 0.0, model.confidence or 0.0
    winner, loser = (fast, model) if disputed(a, b) >= disputed(b, a) else (model, fast)
    confidence = max(disputed(a, b), disputed(b, a))
    domain = fast.domain if fast.domain == model.domain else ""
    if confidence >= NAMED:
        return winner.noted(f"the other reading is {loser.kind}").replace(confidence=confidence)
    return Classification(
        document_id=fast.document_id,
        domain=domain,
        kinds=fast.kinds,
        abstained="conflicting",
        message=f"{fast.kind} and, by the model, {model.kind}",
    )


def _unfound(fast: Classification, trust: float) -> Classification:
    """The model finds none of the kinds: it agrees, or doubts the one there is."""
    if fast.kind is None:
        if fast.abstained != "not_present":
            return fast.noted("the model finds none of the kinds")
        return fast.replace(absence=agreed(fast.absence or 0.0, trust))
    left = disputed(fast.confidence or 0.0, trust)
    if left >= NAMED:
        return fast.noted("the model finds none of the kinds").replace(confidence=left)
    return Classification(
        document_id=fast.document_id,
        absence=1 - left,
        kinds=fast.kinds,
        abstained="not_present",
        message=f"the model finds none of the kinds, and {fast.kind} is unsure",
    )
