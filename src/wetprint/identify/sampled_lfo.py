"""The LFOs behind values that were read once in a while: rates, and curves of any shape.

What an effect reads off an LFO at every fade is a sequence of numbers. A rate above half of theirs
looks like a slower one, which plays the same numbers and will do. The strongest rate is found in
the spectrum and sharpened on the curve that it leads to, a closed cubic spline that is kept smooth
where the numbers tell nothing (Eilers and Marx 1996, doi:10.1214/ss/1038425655). What that leaves
is searched again, since tapes have both wow and flutter, and all curves are then found anew side by
side (backfitting: Friedman and Stuetzle 1981, doi:10.1080/01621459.1981.10477729).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from wetprint.blocks.spline import value_weights

KNOTS = 64
MOST_LFOS = 3

LEAST_EXPLAINED = 0.8
"""An LFO must bring the variance of what is left below this share of what it was."""

ROUNDING_VARIANCE = 1.0 / 12.0
"""Of numbers that were rounded: an LFO that leaves little more than this leaves nothing."""

NEARLY_ROUNDING = 1.5

FINER = 8
"""How many rates the spectrum shows for each that its length can tell apart."""

NEAR_STEPS, NEAR_WIDTH = 41, 0.6
"""How many rates are tried around one, and how far, in rates that the length can tell apart."""

SHARES = np.linspace(-0.5, 0.45, 20)
"""What is taken from one LFO's mean and given to another's: they are known together only."""

PROJECTIONS, PROJECTION_RIDGE = 60, 1e-3
WITHIN = 0.48
"""How far from a whole number values are still rounded to it, with a little to spare."""

SHARPENINGS = 4
HARDLY_MORE = 1.01
ROUGHNESS = 1e-6
ROUNDS = 4


@dataclass(frozen=True)
class SampledLfo:
    """One LFO.

    Attributes:
        turns: how far it turns from number to number, 0 to 0.5.
        curve: ``(knots,)``, see wetprint.blocks.periodic; it stands at phase 0 at number 0.
    """

    turns: float
    curve: np.ndarray

    def values(self, numbers: np.ndarray) -> np.ndarray:
        """Return what it plays: ``(count,)``."""
        return _weights(self.turns, numbers) @ self.curve


def find_sampled_lfos(values: np.ndarray, first: int) -> list[SampledLfo]:
    """Find the LFOs whose sum makes a sequence.

    Args:
        values: ``(count,)``; some hundred at least.
        first: the number of the first value.

    Returns:
        The strongest first; the sequence's mean is in its curve. None where nothing comes again.
    """
    numbers = first + np.arange(len(values))
    found: list[SampledLfo] = []
    while len(found) < MOST_LFOS:
        left = values - _sum(found, numbers)
        if found and float(left.var()) < NEARLY_ROUNDING * ROUNDING_VARIANCE:
            break
        more = [*found, _strongest(left, numbers)]
        for _ in range(ROUNDS if len(more) > 1 else 1):
            more = _backfitted(more, values, numbers)
        if float((values - _sum(more, numbers)).var()) > LEAST_EXPLAINED * float(left.var()):
            break
        found = more
    return found


def rounded_alike(lfos: list[SampledLfo], values: np.ndarray, first: int) -> list[SampledLfo]:
    """Bring LFOs to where, each rounded by itself, they add up to whole numbers.

    How the mean is shared among two of them is tried first. Then each curve is moved to where it is
    rounded to what the others leave, by projections in turn onto the curves that are, and onto
    those that are smooth (Thao and Vetterli 1994, doi:10.1109/78.301822, on such samples).

    Args:
        lfos: as ``find_sampled_lfos`` returns them.
        values: ``(count,)`` whole numbers.
        first: the number of the first value.
    """
    numbers = first + np.arange(len(values))
    found = _best_shared(lfos, values, numbers)
    for _ in range(ROUNDS):
        for place, each in enumerate(found):
            others = found[:place] + found[place + 1 :]
            wanted = values - sum(np.round(other.values(numbers)) for other in others)
            better = _projected(each, wanted, numbers)
            changed = [*found[:place], better, *found[place + 1 :]]
            if _wrong(changed, values, numbers) <= _wrong(found, values, numbers):
                found = changed
    return found


def _wrong(lfos: list[SampledLfo], values: np.ndarray, numbers: np.ndarray) -> int:
    """Return how many values the rounded LFOs miss."""
    total = sum(np.round(each.values(numbers)) for each in lfos)
    return int(np.count_nonzero(total != values))


def _best_shared(
    lfos: list[SampledLfo], values: np.ndarray, numbers: np.ndarray
) -> list[SampledLfo]:
    if len(lfos) < 2:
        return lfos
    (one, other), rest = lfos[:2], lfos[2:]
    shared = [
        [SampledLfo(one.turns, one.curve + more), SampledLfo(other.turns, other.curve - more)]
        for more in SHARES
    ]
    return min(([*each, *rest] for each in shared), key=lambda all_: _wrong(all_, values, numbers))


def _projected(lfo: SampledLfo, wanted: np.ndarray, numbers: np.ndarray) -> SampledLfo:
    """Move a curve towards being rounded to whole numbers."""
    weights = _weights(lfo.turns, numbers)
    gram = weights.T @ weights + PROJECTION_RIDGE * len(wanted) / KNOTS * np.eye(KNOTS)
    factor, curve = cho_factor(gram), lfo.curve
    for _ in range(PROJECTIONS):
        played = weights @ curve
        missed = np.clip(played, wanted - WITHIN, wanted + WITHIN) - played
        curve = curve + cho_solve(factor, weights.T @ missed)
    return SampledLfo(lfo.turns, curve)


def _sum(lfos: list[SampledLfo], numbers: np.ndarray) -> np.ndarray:
    return sum((each.values(numbers) for each in lfos), np.zeros(len(numbers)))


def _backfitted(
    lfos: list[SampledLfo], values: np.ndarray, numbers: np.ndarray
) -> list[SampledLfo]:
    """Find each anew in what the others leave."""
    found = list(lfos)
    for place, each in enumerate(found):
        others = found[:place] + found[place + 1 :]
        found[place] = _sharpened(each.turns, values - _sum(others, numbers), numbers)
    return found


def _strongest(values: np.ndarray, numbers: np.ndarray) -> SampledLfo:
    count = 1 << int(np.ceil(np.log2(FINER * len(values))))
    around = (values - values.mean()) * np.hanning(len(values))
    size = np.abs(np.fft.rfft(around, count))
    slowest = FINER // 2  # half a turn in all
    turns = (slowest + int(np.argmax(size[slowest:]))) / count
    return _sharpened(turns, values, numbers)


def _sharpened(turns: float, values: np.ndarray, numbers: np.ndarray) -> SampledLfo:
    """Return the LFO of the best rate near one."""
    width, tried = NEAR_WIDTH / len(values), [_fitted(turns, values, numbers)]
    for _ in range(SHARPENINGS):
        near = _likeliest(tried)[1].turns + width * np.linspace(-1.0, 1.0, NEAR_STEPS)
        tried += [_fitted(each, values, numbers) for each in near if 0.0 < each <= 0.5]
        width *= 4.0 / NEAR_STEPS
    return _likeliest(tried)[1]


def _likeliest(tried: list[tuple[float, SampledLfo]]) -> tuple[float, SampledLfo]:
    """Return the smallest curve of those that leave hardly more than the best.

    Of a turn that was seen in part many rates explain what was seen; the part that was not is
    then made up, and the less of it the better.
    """
    least = min(left for left, _ in tried)
    good = [each for each in tried if each[0] <= HARDLY_MORE * least]
    return min(good, key=lambda each: float(np.ptp(each[1].curve)))


def _fitted(turns: float, values: np.ndarray, numbers: np.ndarray) -> tuple[float, SampledLfo]:
    """Return the energy that the best curve of a rate leaves, and the LFO with it."""
    weights = _weights(turns, numbers)
    bend = np.eye(KNOTS) - 2.0 * np.roll(np.eye(KNOTS), 1, 1) + np.roll(np.eye(KNOTS), 2, 1)
    rough = ROUGHNESS * len(values) * KNOTS * bend.T @ bend
    gram = weights.T @ weights + rough
    right = weights.T @ values
    factor = cho_factor(gram + 1e-9 * len(values) * np.eye(KNOTS))
    curve = cho_solve(factor, right)
    left = values - weights @ curve
    return float(left @ left), SampledLfo(float(turns), curve)


def _weights(turns: float, numbers: np.ndarray) -> np.ndarray:
    """Return what every knot weighs at every number: ``(count, knots)``."""
    position = numbers * turns % 1.0 * KNOTS
    left = np.floor(position)
    columns = (left.astype(int)[:, None] + np.arange(-1, 3)) % KNOTS
    weights = np.zeros((len(numbers), KNOTS))
    np.add.at(
        weights,
        (np.arange(len(numbers))[:, None], columns),
        np.stack(value_weights(position - left), 1),
    )
    return weights
