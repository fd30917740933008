"""What was measured, kept from one run of the benchmark to the next: a file of JSON lines.

A line holds what was learned and how, how long it took, and every score of every passage, so that a
table can gain a column without anything being measured again.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from wetprint.outputs import replacing

CONTEXTS = ("model", "dry", "best_fir", "repeat", "static_gain")


@dataclass(frozen=True)
class Run:
    """One learning and its judging.

    Attributes:
        name: of an effect in the list, or of a box.
        setting: "listed", or "other" knobs; "recorded" for a box.
        source: what is learned from: "generated", "playing", "guitar", or "recordings" for a box.
        model: "auto" for the race, or the recipe that stands beside it.
        minutes: the budget.
    """

    name: str
    setting: str
    source: str
    model: str
    minutes: float


@dataclass(frozen=True)
class Outcome:
    """What a run came to.

    Attributes:
        run: which.
        seconds: how long learning took.
        recipe: the one that won.
        core_share: what playing in small blocks takes of one core, 0 to 1; None for a peer, which
            wetprint does not play.
        passages: for each judged passage its name, its length in seconds, and by context its
            scores, as ``wetprint evaluate --json`` lists them.
        history: the error on what was kept for judging, over the seconds since the run began.
    """

    run: Run
    seconds: float
    recipe: str
    core_share: float | None
    passages: tuple[dict[str, Any], ...]
    history: tuple[tuple[float, float], ...] = ()


def read(path: Path) -> dict[Run, Outcome]:
    """Return what was measured before; nothing where there is no file yet.

    Raises:
        ValueError: a line is none of this file's; says which.
    """
    if not path.is_file():
        return {}
    outcomes = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            outcome = _from_json(json.loads(line))
        except (ValueError, TypeError, KeyError) as error:
            raise ValueError(f"{path}, line {number} is not a measurement: {error}") from error
        outcomes[outcome.run] = outcome
    return outcomes


def keep(path: Path, outcome: Outcome) -> dict[Run, Outcome]:
    """Add an outcome, in place of an earlier one of the same run, and return all there are.

    The file is written whole or not at all, so that no interrupt leaves half a line.
    """
    outcomes = {**read(path), outcome.run: outcome}
    with replacing(path) as scratch:
        scratch.write_text(_lines(outcomes.values()), encoding="utf-8")
    return outcomes


def essential(passage: dict[str, Any]) -> dict[str, Any]:
    """Return of a passage of ``wetprint evaluate --json`` what the ledger keeps."""
    scores = {context: passage[context] for context in CONTEXTS if passage.get(context)}
    return {"name": passage["name"], "seconds": passage["seconds"], **scores}


def _from_json(found: dict[str, Any]) -> Outcome:
    outcome = Outcome(**{**found, "run": Run(**found["run"])})
    history = tuple((float(at), float(error)) for at, error in outcome.history)
    return replace(outcome, passages=tuple(outcome.passages), history=history)


def _lines(outcomes: Iterable[Outcome]) -> str:
    ordered = sorted(outcomes, key=lambda each: dataclasses.astuple(each.run))
    return "".join(json.dumps(dataclasses.asdict(each)) + "\n" for each in ordered)
