"""The training loop: what it learns, stops, resumes, keeps and refuses.

Needs the 'train' extra: ``pytest -m train``.
"""

from __future__ import annotations

import json
import os
import random
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from docagent.errors import ModelError, SettingsError

pytestmark = pytest.mark.train

torch = pytest.importorskip("torch")

from finetune.training import Plan, Progress, fit, load_weights, pick_device  # noqa: E402

STEPS = 60


class Network(torch.nn.Module):  # type: ignore[misc,name-defined]
    """A convolution, dropout and a line: all that has state of its own."""

    def __init__(self, width: int = 4) -> None:
        super().__init__()
        torch.manual_seed(5)
        self.conv = torch.nn.Conv2d(1, width, 3, padding=1)
        self.norm = torch.nn.BatchNorm2d(width)
        self.drop = torch.nn.Dropout(0.3)
        self.head = torch.nn.Linear(width, 1)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.norm(self.conv(pictures)))
        return self.head(self.drop(x.mean((2, 3))))[:, 0]


def batches(progress: Progress) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Grey pictures and their levels, the same for the same step."""
    for step in range(progress.step, 10**6):
        generator = torch.Generator().manual_seed(step)
        levels = torch.rand(8, generator=generator)
        yield levels[:, None, None, None].expand(-1, 1, 4, 4), levels


def loss(
    model: torch.nn.Module, batch: tuple[torch.Tensor, torch.Tensor]
) -> dict[str, torch.Tensor]:
    pictures, levels = batch
    found = model(pictures).float()
    return {"square": ((found - levels) ** 2).mean(), "size": 1e-4 * found.abs().mean()}


def closeness(model: torch.nn.Module) -> dict[str, float]:
    pictures, levels = next(iter(batches(Progress(Plan(1.0, steps=1), step=99))))
    return {"closeness": -((model(pictures).float() - levels) ** 2).mean().item()}


def plan(**changes: object) -> Plan:
    return Plan(**{"peak": 1e-2, "steps": STEPS, "warmup": 5, "log_every": 10} | changes)  # type: ignore[arg-type]


def rows(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text("utf-8").splitlines()]


def interrupted(at: int) -> object:
    """The same loss, with a SIGTERM to this process in the step ``at`` of its part of the run."""
    calls = iter(range(10**6))

    def stopping(model: torch.nn.Module, batch: tuple[torch.Tensor, torch.Tensor]) -> object:
        if next(calls) == at:
            os.kill(os.getpid(), signal.SIGTERM)
        return loss(model, batch)

    return stopping


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def test_it_learns_and_tells(tmp_path: Path) -> None:
    with torch.no_grad():
        start = closeness(Network().eval())["closeness"]
    done = fit(Network(), batches, loss, plan(), tmp_path, validate=closeness, device="cpu")
    assert done.figures["closeness"] > start
    assert (done.steps, done.best_step, done.stopped) == (STEPS, STEPS, 0)
    logged = [row for row in rows(tmp_path) if "loss" in row]
    assert logged[-1]["loss"] < logged[0]["loss"]
    assert {"square", "size", "samples_a_second", "waited", "rate"} <= set(logged[0])
    assert [row["step"] for row in logged] == [10, 20, 30, 40, 50, 60]
    assert len([row for row in rows(tmp_path) if "closeness" in row]) == 12


@pytest.mark.parametrize("keep_best", [False, True])
def test_a_resumed_run_equals_an_undisturbed_one(tmp_path: Path, keep_best: bool) -> None:
    chosen = plan(keep_best=keep_best)
    whole = fit(Network(), batches, loss, chosen, tmp_path / "whole", validate=closeness)
    parts = [23, 0, 11, None]
    for at in parts:
        random.seed(at)
        torch.manual_seed(77)  # whatever happened to the generators in between
        part_loss = loss if at is None else interrupted(at)
        part = fit(Network(), batches, part_loss, chosen, tmp_path / "parts", validate=closeness)
        assert part.stopped == (0 if at is None else signal.SIGTERM)
    assert part.steps == whole.steps == STEPS
    assert (part.figures, part.best_step) == (whole.figures, whole.best_step)
    torch.testing.assert_close(part.weights, whole.weights, rtol=0, atol=0)
    states = [
        torch.load(tmp_path / name / "last.pt", weights_only=True) for name in ("whole", "parts")
    ]
    for key in ("model", "average"):
        torch.testing.assert_close(states[0][key], states[1][key], rtol=0, atol=0)


def test_a_finished_run_is_not_trained_again_but_more_budget_goes_on(tmp_path: Path) -> None:
    first = fit(Network(), batches, loss, plan(), tmp_path, validate=closeness)
    again = fit(Network(), batches, loss, plan(), tmp_path, validate=closeness)
    torch.testing.assert_close(again.weights, first.weights, rtol=0, atol=0)
    assert again.figures == first.figures
    assert fit(Network(), batches, loss, plan(steps=70), tmp_path).steps == 70


def test_nothing_better_than_the_start_is_kept(tmp_path: Path) -> None:
    start = {key: value.clone() for key, value in Network().state_dict().items()}

    def worse(model: torch.nn.Module) -> dict[str, float]:
        return {"steps away": -float((model.head.weight - start["head.weight"]).abs().sum())}

    chosen = plan(keep_best=True, patience=3)
    done = fit(Network(), batches, loss, chosen, tmp_path, validate=worse)
    assert done.best_step == 0
    assert done.steps == 15  # three of twelve checks in sixty steps
    torch.testing.assert_close(done.weights, start)
    torch.testing.assert_close(load_weights(tmp_path / "last.pt"), start)


def test_parameters_by_prefix_learn_at_their_own_rate(tmp_path: Path) -> None:
    network = Network()
    before = network.conv.weight.detach().clone()
    fit(network, batches, loss, plan(rates={"conv.": 0.0}), tmp_path)
    torch.testing.assert_close(network.conv.weight.detach(), before)


def test_finite_streams_are_asked_again(tmp_path: Path) -> None:
    asked = []

    def epoch(progress: Progress) -> list[tuple[torch.Tensor, torch.Tensor]]:
        asked.append(progress.step)
        return [next(iter(batches(progress)))] * 4

    fit(Network(), epoch, loss, plan(steps=10), tmp_path)
    assert asked == [0, 4, 8]
    with pytest.raises(ValueError, match="no batches"):
        fit(Network(), lambda progress: [], loss, plan(), tmp_path / "empty")


def test_minutes_end_a_run(tmp_path: Path) -> None:
    done = fit(Network(), batches, loss, plan(steps=None, minutes=0.01), tmp_path)
    assert done.seconds >= 0.6
    assert done.steps > 1


def test_checkpoints_of_other_runs_are_refused(tmp_path: Path) -> None:
    fit(Network(), batches, loss, plan(steps=2, identity="mine"), tmp_path)
    with pytest.raises(SettingsError, match="give another --output"):
        fit(Network(), batches, loss, plan(identity="yours"), tmp_path)
    with pytest.raises(SettingsError, match="of another network"):
        fit(Network(width=6), batches, loss, plan(identity="mine"), tmp_path)
    (tmp_path / "broken.pt").write_bytes(b"no checkpoint")
    with pytest.raises(ModelError, match=r"broken\.pt: not a checkpoint"):
        load_weights(tmp_path / "broken.pt")


def test_a_loss_that_is_no_number_ends_the_run(tmp_path: Path) -> None:
    def broken(model: torch.nn.Module, batch: object) -> torch.Tensor:
        return model.head.weight.sum() * float("nan")

    with pytest.raises(ModelError, match="lower the learning rate"):
        fit(Network(), batches, broken, plan(), tmp_path)
    assert not (tmp_path / "last.pt").exists()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"steps": None}, "never ends"),
        ({"steps": 0}, "steps 0 is not allowed"),
        ({"peak": -1.0}, "peak -1.0 is not allowed"),
    ],
)
def test_plans_that_cannot_be_followed(changes: dict[str, object], reason: str) -> None:
    with pytest.raises(SettingsError, match=reason):
        plan(**changes)


def test_unknown_devices_and_missing_validation(tmp_path: Path) -> None:
    assert pick_device("cpu").type == "cpu"
    for name in ["mps"] + ([] if torch.cuda.is_available() else ["cuda"]):
        with pytest.raises(SettingsError, match=name):
            pick_device(name)
    with pytest.raises(SettingsError, match="give validate"):
        fit(Network(), batches, loss, plan(keep_best=True), tmp_path)
