"""What a test's answers say: by listener, passage, effect and model, and all together.

Only listeners who answered everything count, since the number of trials is fixed in advance.
Answers are pooled over listeners as if all were alike; a listener's own score stands beside that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from wetprint.judging.listening.passages import ANCHOR
from wetprint.judging.listening.plan import REFERENCE, B
from wetprint.judging.listening.statistics import needed_correct, power, score
from wetprint.judging.listening.store import Answered

SIGNIFICANT = 0.05
HEARD_HALF = 0.5
"""Share of trials in which a difference is heard, of which the power is told."""

REFERENCE_AT_LEAST, REFERENCE_MISSED = 90, 0.15
"""Of ratings: who rates the hidden reference below this in more than this share of the trials is
left out (ITU-R BS.1534-3, section 4.1.2)."""


def summarise(answers: Sequence[Answered], describe: Callable[[int], tuple[str, str]]) -> dict:
    """Summarise answers.

    Args:
        answers: all trials, as the store gives them.
        describe: returns effect and name of a passage by its number.

    Returns:
        Plain values: ``listeners`` that count, ``unfinished`` ones, and for each kind that was
        asked its groups (``all``, ``listener``, ``passage``, ``effect``, ``model``) and ``words``.
    """
    finished = {each.listener for each in answers} - {
        each.listener for each in answers if each.answer is None
    }
    unfinished = {each.listener for each in answers} - finished
    counted = [each for each in answers if each.listener in finished and not each.trial.training]
    summary: dict[str, Any] = {"listeners": sorted(finished), "unfinished": sorted(unfinished)}
    for kind in dict.fromkeys(each.trial.kind for each in counted):
        asked = [each for each in counted if each.trial.kind == kind]
        if kind == "rating":
            summary[kind] = _ratings(asked, describe)
        else:
            summary[kind] = _choices(asked, kind, describe)
    return summary


def _choices(asked: list[Answered], kind: str, describe: Callable[[int], tuple[str, str]]) -> dict:
    """Count right answers; where none is right, those for B, the wet sound."""
    groups: dict[str, Callable[[Answered], str]] = {
        "all": lambda each: "all",
        "listener": lambda each: str(each.listener),
        "passage": lambda each: " / ".join(describe(each.trial.passage)),
        "effect": lambda each: describe(each.trial.passage)[0],
        "model": lambda each: each.trial.model,
    }
    found = {
        name: {key: _scored(group, kind) for key, group in _grouped(asked, of)}
        for name, of in groups.items()
    }
    return {**found, "words": _in_words(found["all"]["all"], kind)}


def _grouped(
    asked: list[Answered], key: Callable[[Answered], str]
) -> Iterable[tuple[str, list[Answered]]]:
    groups: dict[str, list[Answered]] = {}
    for each in asked:
        groups.setdefault(key(each), []).append(each)
    return groups.items()


def _scored(asked: list[Answered], kind: str) -> dict:
    hits = sum(each.answer == (B if kind == "closer" else each.trial.right) for each in asked)
    counted = asdict(score(hits, len(asked)))
    return {key: _finite(value) for key, value in counted.items()}


def _finite(value: float) -> float | None:
    """Leave out what JSON has no word for."""
    return value if np.isfinite(value) else None


def _in_words(found: dict, kind: str) -> str:
    hits, trials = found["correct"], found["trials"]
    interval = f"(95 % interval {found['low']:.0%} to {found['high']:.0%})"
    chance = f"p = {found['p_value']:.2g}"
    heard = found["p_value"] <= SIGNIFICANT
    if kind == "closer":
        told = f"X was called closer to the wet sound in {hits} of {trials} trials {interval}, "
        if heard:
            return told + f"more often than by chance ({chance})."
        return told + f"no more often than by chance would do ({chance})."
    told = f"Model and effect were told apart in {hits} of {trials} trials {interval}, "
    if heard:
        return told + f"more often than by guessing ({chance}): the difference can be heard."
    needed = needed_correct(trials, SIGNIFICANT)
    if needed is None:
        return told + "and with so few trials nothing could have been shown."
    seen = power(trials, HEARD_HALF, SIGNIFICANT)
    return told + (
        f"no more often than by guessing ({chance}). Had the difference been heard in half of the "
        f"trials, the test would have shown it {seen:.0%} of the time."
    )


def _ratings(asked: list[Answered], describe: Callable[[int], tuple[str, str]]) -> dict:
    """Give median and quartiles of each condition, careless listeners left out."""
    careless = {
        int(listener)
        for listener, mine in _grouped(asked, lambda each: str(each.listener))
        if np.mean([_rated(each, REFERENCE) < REFERENCE_AT_LEAST for each in mine])
        > REFERENCE_MISSED
    }
    kept = [each for each in asked if each.listener not in careless]
    groups: dict[str, Callable[[Answered], str]] = {
        "all": lambda each: "all",
        "passage": lambda each: " / ".join(describe(each.trial.passage)),
        "effect": lambda each: describe(each.trial.passage)[0],
    }
    found: dict[str, Any] = {
        name: {key: _quartiles(group) for key, group in _grouped(kept, of)}
        for name, of in groups.items()
    }
    medians = found["all"].get("all", {})
    order = sorted(medians, key=lambda name: -medians[name]["median"])
    words = ", ".join(f"{_called(name)} {medians[name]['median']:.0f}" for name in order)
    told = f"Median ratings of 100: {words}." if words else "Nobody's ratings count."
    if careless:
        told += (
            f" Left out: {len(careless)} who rated the hidden reference below {REFERENCE_AT_LEAST}."
        )
    return {**found, "left_out": sorted(careless), "words": told}


def _rated(answered: Answered, condition: str) -> float:
    label = next(k for k, v in answered.trial.labels.items() if v == condition and k.isdigit())
    return float(answered.answer[label])


def _quartiles(asked: list[Answered]) -> dict[str, dict[str, float]]:
    values: dict[str, list[float]] = {}
    for each in asked:
        for label, condition in each.trial.labels.items():
            if label.isdigit():
                values.setdefault(condition, []).append(float(each.answer[label]))
    return {
        name: {
            "median": float(np.median(each)),
            "low_quartile": float(np.quantile(each, 0.25)),
            "high_quartile": float(np.quantile(each, 0.75)),
            "ratings": len(each),
        }
        for name, each in values.items()
    }


def _called(condition: str) -> str:
    return {REFERENCE: "the effect itself", ANCHOR: "the low-passed anchor"}.get(
        condition, condition
    )
