"""The solved half of learning: how much memory a linear model needs, and that model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.signal import oaconvolve

from wetprint.identify.linear_response import NormalEquations
from wetprint.learning.material import Material, Take, takes_esr
from wetprint.progress import Progress, silent

TAPS = (64, 256, 1024, 4096, 16_384, 65_536, 262_144)
WORTHWHILE_GAIN = 0.9
"""A longer filter must bring the error below this share of the shorter one's to be preferred."""

ALWAYS_TRIED_TAPS = 65_536
"""An echo or a plate shows nothing of itself in the first thousand taps."""

GOOD_ENOUGH = 1e-12
"""Below this error (-120 dB) a longer filter has only rounding left to explain."""


@dataclass(frozen=True)
class LinearModel:
    """A solved filter and what it leaves.

    Attributes:
        response: ``(channels_out, channels_in, taps)`` float64.
        error: ESR on the validation takes.
    """

    response: np.ndarray
    error: float

    @property
    def taps(self) -> int:
        """Length of the filter."""
        return self.response.shape[-1]


def never() -> bool:
    """Say that there is time."""
    return False


def solve_linear_models(
    material: Material, progress: Progress = silent, stop: Callable[[], bool] = never
) -> list[LinearModel]:
    """Solve filters of growing length until more length gains nothing.

    Args:
        material: what is learned from.
        progress: told which length is being solved.
        stop: says that the time for it is over; the filter then being solved is the last one, and
            is as good as it has become by then. The first and shortest is solved in any case.

    Returns:
        Every filter solved, the shortest first.
    """
    longest = max(take.dry.shape[-1] for take in material.training) // 2
    lengths = [taps for taps in TAPS if taps <= longest] or [max(1, longest)]
    solved: list[LinearModel] = []
    for number, taps in enumerate(lengths):
        progress("solving the linear part", number / len(lengths), f"{taps} taps")
        before = min((each.error for each in solved), default=np.inf)
        solved.append(solve_linear_model(material, taps, stop if solved else never))
        fruitless = solved[-1].error > WORTHWHILE_GAIN * before
        enough = solved[-1].error < GOOD_ENOUGH or stop()
        if (fruitless and taps >= ALWAYS_TRIED_TAPS) or enough:
            break
    progress("solving the linear part", 1.0)
    return solved


def solve_linear_model(
    material: Material, taps: int, stop: Callable[[], bool] = never
) -> LinearModel:
    """Solve one filter on the training takes and judge it on the validation takes."""
    equations = NormalEquations(taps, material.channels_in, material.channels_out)
    for take in material.training:
        equations.add(take.dry, take.wet, take.heard_from)
    response = equations.solve(stop=stop).response

    def play(take: Take) -> np.ndarray:
        return filter_audio(take.dry, response)[:, take.heard_from :]

    return LinearModel(response, takes_esr(material.validation, play))


def shortest_good_model(solved: list[LinearModel], slack: float = 1.1) -> LinearModel:
    """Return the shortest filter whose error is within ``slack`` of the best one's."""
    best = min(each.error for each in solved)
    return next(each for each in solved if each.error <= slack * best)


def filter_audio(dry: np.ndarray, response: np.ndarray) -> np.ndarray:
    """Convolve ``(channels_in, time)`` with ``(channels_out, channels_in, taps)``; same length."""
    full = oaconvolve(dry[None].astype(np.float64), response, axes=-1).sum(1)
    return full[:, : dry.shape[-1]]
