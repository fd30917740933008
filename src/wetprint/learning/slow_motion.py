"""The solved half of learning where an LFO turns only a few times in what was recorded.

What changes once or twice in a recording may be the music. So a slow LFO is known by what is solved
with it: each rate that may be it is tried, and refined with the voices that move.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from wetprint.identify.lfo import Lfo, find_slow_lfos
from wetprint.identify.snapshots import snapshots_of_playing
from wetprint.learning.material import Material, validation_esr
from wetprint.learning.modulated import Fit
from wetprint.learning.moving import (
    Motion,
    best_taps,
    coloured_chain,
    recordings_of,
    refined_fit,
    started_fit,
    window_error,
)
from wetprint.models.chain import Chain
from wetprint.models.playing import CPU
from wetprint.progress import Progress, silent

EXPLAINS_MORE = 0.65
"""Voices must bring a filter's error below this share."""


@dataclasses.dataclass(frozen=True)
class SlowMotion:
    """What was solved with one rate.

    Attributes:
        motion: with the rate refined.
        chain: the voices.
        error: what the chain leaves of what is kept for judging.
    """

    motion: Motion
    chain: Chain
    error: float


def solve_slow(
    material: Material, still_error: float, stop: Callable[[], bool], progress: Progress = silent
) -> SlowMotion | None:
    """Solve moving delay lines beside the dry signal, and their rate.

    Args:
        material: what is learned from.
        still_error: what the best filter leaves of what is kept for judging.
        stop: says that the time for it is over.
        progress: told how far it is.

    Returns:
        What plays best; None where no rate clearly explains more than a filter, and where there is
        an effect to ask, several recordings with a clock each, or more than one channel.
    """
    several = len({each.recording for each in material.training}) > 1
    if material.channels_in > 1 or material.drive is not None or several:
        return None
    train = snapshots_of_playing(recordings_of(material), material.sample_rate)
    tried: list[tuple[Fit, Lfo]] = []
    for lfo in find_slow_lfos(train):
        if tried and stop():
            break
        motion = Motion(lfo, (train,))
        taps = best_taps(material, motion, stop)
        error = window_error(material, motion)
        if taps and error(taps) < EXPLAINS_MORE * error(()):
            tried.append((started_fit(material, motion, taps, stop), lfo))
    solved: list[SlowMotion] = []
    for started, lfo in sorted(tried, key=lambda each: each[0].error):
        if solved and stop():
            break
        fit = refined_fit(material, started, stop, progress)
        chain = coloured_chain(material, fit, stop, progress)
        lfo = dataclasses.replace(lfo, period_samples=fit.delays.period_samples)
        error = validation_esr(chain, material, CPU)
        solved.append(SlowMotion(Motion(lfo, (train,)), chain, error))
    best = min(solved, key=lambda each: each.error, default=None)
    return None if best is None or best.error > EXPLAINS_MORE * still_error else best
