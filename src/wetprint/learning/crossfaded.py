"""The solved half of learning where an effect fades from one delay to the next: vibratos, tapes.

The effect is asked twice. A dense train of chirps shows whether it fades, and when
(``identify/fades.py``); a long one shows the delay at every fade, and with it the LFOs that are
looked at then (``identify/sampled_lfo.py``). What else it does to the sound is found on what was
heard: filters before and behind, the exact beginning of the fades, and curves, as
``moving_search.py`` tells: one, then bands that are bent apart, or, where these do not pay, more.

Left out: recordings without an effect that can be asked, and the dry signal beside the delay.
"""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Sequence

import numpy as np
import torch
from scipy.optimize import minimize_scalar

from wetprint.blocks.crossfaded_delay import CrossfadedDelay, CrossfadedDelayConfig
from wetprint.identify.fades import (
    Fades,
    find_fade_clock,
    follow_fades,
    in_whole_samples,
    refine_fade_clock,
)
from wetprint.identify.lfo import LEAST_MOVING
from wetprint.identify.moving_branches import Branch
from wetprint.identify.sampled_lfo import SampledLfo, find_sampled_lfos, rounded_alike
from wetprint.identify.snapshots import Snapshots, take_snapshots
from wetprint.identify.stages import FadingDelay
from wetprint.learning.linear import never
from wetprint.learning.material import Material
from wetprint.learning.moved_model import MovedModel, one_channel, side_by_side
from wetprint.learning.moving_search import FRUITFUL, MovingSearch
from wetprint.models.chain import Chain
from wetprint.progress import Progress, silent
from wetprint.signals.capture import chirp_train

NAME = "solving the fading delay"

SPACING_SECONDS, FIRST_CHIRPS, CHIRPS = 0.020, 250, 1000
"""Of the dense train; its beginning alone says whether there are fades."""

LONG_SECONDS, SPACING_FADES = 480.0, 0.45
"""Of the long train. LFOs that are looked at seldom may seem to turn once in minutes."""

PATIENCE_SECONDS = 40.0
"""An effect that plays too slowly for the long train within this gets a shorter one."""

MORE_CURVES = 2

AFTER_SECONDS = 1024 / 48_000
"""Length of the filters behind the fades: tubes may follow, and what couples them."""

NEAR_FADES, MOST_TRIALS = 0.05, 16
"""How far the fades are moved at most, in fades, and how many places are tried: sounds that pass
the effect on different ways tell the beginning of a fade less well than its length."""

MUCH = 0.001
"""An error above this (-30 dB) is worth looking for bands that are bent apart."""

MOST_MOVES, WORTH_MOVING = 3, 0.95
"""How often they are moved and the filters solved again, while that brings the error below this
share."""


def solve_crossfaded(
    material: Material, stop: Callable[[], bool] = never, progress: Progress = silent
) -> Chain | None:
    """Solve delays that fade from one length to the next, and what distorts around them.

    Args:
        material: what was heard; the effect is asked for more.
        stop: says that the time for it is over; what was found so far is finished.
        progress: told how far it is.

    Returns:
        The chain, or None where nothing fades, where the effect cannot be driven, or where fading
        delays explain hardly more than a filter alone.
    """
    if material.channels_in > 1 or material.drive is None:
        return None
    progress("looking for fades", 0.0)
    fades = _asked(material.drive, material.sample_rate)
    progress("looking for fades", 1.0)
    if fades is None:
        return None
    models: list[MovedModel] = []
    for channel in range(material.channels_out):
        lines = fading_lines(fades, channel)
        heard = one_channel(material, channel)
        model = _solve_channel(heard, lines, stop, progress) if lines else None
        if model is None:
            return None
        models.append(model)
    progress(NAME, 1.0)
    return side_by_side(models)


def _asked(drive: Callable[[np.ndarray], np.ndarray], rate: int) -> Fades | None:
    """Ask an effect for its fades."""
    spacing = round(SPACING_SECONDS * rate)
    first = _snapshots(drive, spacing, FIRST_CHIRPS, rate)
    if first.moving_share < LEAST_MOVING or find_fade_clock(first) is None:
        return None
    begun = time.monotonic()
    dense = _snapshots(drive, spacing, CHIRPS, rate)
    pace = SPACING_SECONDS * CHIRPS / max(time.monotonic() - begun, 1e-9)
    clock = find_fade_clock(dense)
    if clock is None:
        return None
    spacing = max(spacing, round(SPACING_FADES * clock.fade_samples))
    seconds = min(LONG_SECONDS, PATIENCE_SECONDS * pace)
    long = _snapshots(drive, spacing, max(CHIRPS, int(seconds * rate / spacing)), rate)
    return follow_fades(long, refine_fade_clock(long, clock))


def _snapshots(
    drive: Callable[[np.ndarray], np.ndarray], spacing: int, count: int, rate: int
) -> Snapshots:
    dry, capture = chirp_train(spacing, count, rate)
    return take_snapshots(capture.sections[0], dry, drive(dry), rate)


def fading_lines(fades: Fades, channel: int) -> list[CrossfadedDelay]:
    """Return the delay lines that play a channel's fades, one behind the other."""
    delays = fades.delays[channel]
    lfos = find_sampled_lfos(delays, fades.first)
    whole = in_whole_samples(fades)
    if whole:
        lfos = rounded_alike(lfos, np.round(delays), fades.first)
    return [_line(each, fades, whole) for each in lfos]


def _line(lfo: SampledLfo, fades: Fades, whole: bool) -> CrossfadedDelay:
    """Return the delay line of one LFO, moved so that the least delay is not below 0."""
    clock, curve = fades.clock, lfo.curve - math.floor(float(lfo.curve.min()))
    period = clock.fade_samples / lfo.turns
    # the LFO stands at phase 0 at number 0, which is not absolute time 0
    late = clock.start_samples / period * len(curve)
    config = CrossfadedDelayConfig(
        period_samples=period,
        fade_samples=clock.fade_samples,
        fade_start_samples=clock.start_samples,
        knots=len(curve),
        most_delay_samples=max(1, math.ceil(float(curve.max())) + 1),
        whole_samples=whole,
    )
    line = CrossfadedDelay(config)
    line.trajectory.data[0] = torch.from_numpy(_turned(curve, late)).float()
    return line.requires_grad_(False)


def _turned(curve: np.ndarray, knots: float) -> np.ndarray:
    """Return a closed curve that comes so many knots later."""
    shift = np.exp(-2j * np.pi * np.fft.rfftfreq(len(curve)) * knots)
    return np.fft.irfft(np.fft.rfft(curve) * shift, len(curve))


def _solve_channel(
    heard: Material,
    lines: Sequence[CrossfadedDelay],
    stop: Callable[[], bool],
    progress: Progress,
) -> MovedModel | None:
    """Try what is simple first, and go on as long as more curves pay."""
    longest = sum(each.config.most_delay_samples for each in lines)
    period = lines[0].config.period_samples
    search = MovingSearch(heard, period, stop, progress, NAME, longest, AFTER_SECONDS)
    still = search.still()
    moving = search.moving(still, [FadingDelay(each) for each in lines])
    if search.error([moving]) > FRUITFUL * search.error([still]):
        return None
    for _ in range(MOST_MOVES):
        before, moving = moving, _on_time(search, moving)
        if search.error([moving]) > WORTH_MOVING * search.error([before]):
            break
    best = [moving]
    if search.goes_on(best):
        best = search.better(best, search.curved(moving)[0])
    single = search.finished(best)
    if single.error > MUCH and not search.stop():
        banded = search.finished(search.banded_circuits(moving))
        if banded.error < FRUITFUL * single.error:
            return banded
    more = _with_more_curves(search, best) if len(best[0]) > len(moving) else best
    return single if more is best else search.finished(more)


def _with_more_curves(search: MovingSearch, best: list[Branch]) -> list[Branch]:
    """Add curves as long as they pay; the same list where none does."""
    for _ in range(MORE_CURVES):
        if not search.goes_on(best):
            break
        more = search.with_one_more(best[0])
        if search.better(best, more) is best:
            break
        best = more
    return best


def _on_time(search: MovingSearch, moving: Branch) -> Branch:
    """Move the fades to where they leave least, and solve the filters again."""

    def moved(later_samples: float) -> Branch:
        return tuple(
            FadingDelay(_moved(each.block, later_samples))
            if isinstance(each, FadingDelay)
            else each
            for each in moving
        )

    lines = [each.block for each in moving if isinstance(each, FadingDelay)]
    reach = NEAR_FADES * lines[0].config.fade_samples
    found = minimize_scalar(
        lambda later: search.error([moved(later)]),
        bounds=(-reach, reach),
        method="bounded",
        options={"maxiter": MOST_TRIALS},
    )
    return search.again(moved(float(found.x)))


def _moved(line: CrossfadedDelay, later_samples: float) -> CrossfadedDelay:
    """Return the line with fades that begin later, each leading where it did."""
    config, curve = line.config, line.trajectory.data[0].double().numpy()
    start = (config.fade_start_samples + later_samples) % config.fade_samples
    other = CrossfadedDelay(dataclasses.replace(config, fade_start_samples=start))
    turned = _turned(curve, later_samples / config.period_samples * len(curve))
    other.trajectory.data[0] = torch.from_numpy(turned).float()
    return other.requires_grad_(False)
