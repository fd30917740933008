"""What a listener is asked, fixed before the first answer: trials, their order, and what X is.

Three kinds. ``closer``: A is dry, B is wet, X the model; is X closer to A or to B? ``abx``: A is
wet, B the model, and X one of them; which (Clark 1982, JAES 30(5))? ``rating``: several models, the
hidden reference and a low-passed anchor, each rated from 0 to 100 beside the reference (MUSHRA,
ITU-R BS.1534-3). Everything is drawn from a seed that stays with whoever runs the test.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wetprint.errors import ListeningError
from wetprint.judging.listening.passages import ANCHOR, DRY, WET, Passage

KINDS = ("abx", "closer", "rating")
A, B, X = "A", "B", "X"
REFERENCE = "reference"
"""Of a rating: the wet sound once more, under a number."""

MOST_TRIALS = 400


@dataclass(frozen=True)
class Trial:
    """One question.

    Attributes:
        kind: see the module.
        passage: number of the passage.
        model: the model's name; empty in a rating, which has several.
        labels: what each label of the page plays: dry, wet, a model, ``reference`` or ``anchor``.
        right: the right answer, of an abx trial.
        training: whether the answer is told at once, and does not count.
    """

    kind: str
    passage: int
    model: str
    labels: dict[str, str]
    right: str = ""
    training: bool = False


def make_plan(
    passages: Sequence[Passage],
    kinds: Sequence[str],
    trials: int,
    training: int,
    seed: int,
    listener: int,
) -> list[Trial]:
    """Make one listener's trials.

    Args:
        passages: prepared.
        kinds: which, in their order.
        trials: of each kind but ratings, of which there is one a passage.
        training: how many come before the first that counts; of the first kind.
        seed: of the test.
        listener: the listener's number; everybody gets another order.

    Raises:
        ListeningError: an unknown kind, or a number of trials out of range.
    """
    for kind in kinds:
        if kind not in KINDS:
            raise ListeningError(f"expected a kind of test of {', '.join(KINDS)}, got '{kind}'")
    if not 1 <= trials <= MOST_TRIALS or not 0 <= training <= MOST_TRIALS:
        raise ListeningError(f"expected 1 to {MOST_TRIALS} trials, got {trials}")
    generator = np.random.default_rng([seed, listener])
    plan: list[Trial] = []
    for kind in kinds:
        count = len(passages) if kind == "rating" else trials
        plan += _trials(passages, kind, count, generator, False)
    return _trials(passages, kinds[0], training, generator, True) + plan


def _trials(
    passages: Sequence[Passage],
    kind: str,
    count: int,
    generator: np.random.Generator,
    training: bool,
) -> list[Trial]:
    """Ask of everything equally often, in random order."""
    if kind == "rating":
        asked = [(number, "") for number in range(len(passages))]
    else:
        asked = [(number, model) for number, each in enumerate(passages) for model in each.models]
    drawn: list[tuple[int, str]] = []
    while len(drawn) < count:
        drawn += [asked[each] for each in generator.permutation(len(asked))]
    return [
        _trial(passages[number], kind, number, model, generator, training)
        for number, model in drawn[:count]
    ]


def _trial(
    passage: Passage,
    kind: str,
    number: int,
    model: str,
    generator: np.random.Generator,
    training: bool,
) -> Trial:
    if kind == "closer":
        return Trial(kind, number, model, {A: DRY, B: WET, X: model}, "", training)
    if kind == "abx":
        right = (A, B)[int(generator.integers(2))]
        labels = {A: WET, B: model}
        return Trial(kind, number, model, {**labels, X: labels[right]}, right, training)
    conditions = [REFERENCE, ANCHOR, *passage.models]
    order = generator.permutation(len(conditions))
    labels = {str(place + 1): conditions[each] for place, each in enumerate(order)}
    return Trial(kind, number, "", {"Reference": WET, **labels}, "", training)
