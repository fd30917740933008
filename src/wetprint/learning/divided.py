"""The solved half of learning where an effect divides: an octave pedal with flip-flops.

Whether it divides is told first, cheaply (``octave_start.py``). What its flip-flops do is then
solved in windows whose count is free (``octave_windows.py``), and its trigger fitted to when it
counted (``octave_crossings.py``); the filters beside and behind the flip-flops are solved last. The
count that silence leaves is found by what was kept for judging. A recording that is cut out of the
middle of playing begins with a count that nothing tells: such effects are learned by driving them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import torch

from wetprint.blocks.octave_divider import OctaveDivider, OctaveDividerConfig
from wetprint.engine.octave_trigger import Trigger
from wetprint.learning.linear import (
    filter_audio,
    never,
    shortest_good_model,
    solve_linear_model,
)
from wetprint.learning.material import Material, Take, shortened
from wetprint.learning.octave_crossings import fit_counts, fit_crossings, hear_crossings
from wetprint.learning.octave_start import find_trigger
from wetprint.learning.octave_windows import OctaveWindows, plain_divider
from wetprint.models.chain import Chain
from wetprint.models.parallel import Parallel
from wetprint.models.recipes import filter_block
from wetprint.progress import Progress, silent

CPU = torch.device("cpu")

FITTING = "fitting the octave divider"

TOLD_SECONDS = 10.0
"""What is listened to, to tell whether the effect divides."""

LINEAR_TAPS = 1024
FINISHED_SECONDS = 60.0

NEARLY_LINEAR = 0.01
"""Where a filter leaves less than this (-20 dB), nothing is divided that could be heard."""

WORTHWHILE = 0.5
"""Share of the filter's error above which the divider has not been understood. It is judged in
windows: a wave that is miscounted turns over what follows, which says nothing of the rest."""

TAPS = (512, 2048)
"""Of the filters, the shorter where it does as well."""

FITTED_TAPS_SECONDS = 512 / 48_000
"""Length of the filters while the trigger is fitted."""

COARSE_ORDERS, FINE_ORDERS = (2, 1), (8, 2)
"""Highest powers before the first flip-flop and before the second."""

SURE = 0.6
"""Share of the windows, the best explained ones, that filters are solved on at first."""

HEARD = ((20.0, 3), (60.0, 4))
"""Seconds that the trigger is fitted to, and how often."""


def solve_divided(
    material: Material, stop: Callable[[], bool] = never, progress: Progress = silent
) -> Chain | None:
    """Solve an octave divider, with its filters and the sound itself beside it.

    Args:
        material: what was heard.
        stop: says that the search has lasted long enough.
        progress: told how far it is.

    Returns:
        The chain, or None where the effect does not divide.
    """
    if material.channels_in > 1:
        return None
    take = max(material.training, key=lambda each: each.dry.shape[-1])
    progress("looking for an octave divider", 0.0)
    linear = solve_linear_model(_only(material, take, TOLD_SECONDS), LINEAR_TAPS)
    found = _told(take, linear.response, material.sample_rate)
    progress("looking for an octave divider", 1.0)
    if found is None:
        return None
    trigger, is_inverted = found
    fitted, trigger = _fitted(take, trigger, is_inverted, material.sample_rate, stop, progress)
    left = np.median(fitted.choose(fitted.count(trigger))[fitted.audible])
    if left > WORTHWHILE * linear.error:
        return None
    return _finished(fitted, trigger, take, material)


def _only(material: Material, take: Take, seconds: float) -> Material:
    return dataclasses.replace(material, training=(_beginning(take, seconds, material),))


def _beginning(take: Take, seconds: float, material: Material) -> Take:
    return shortened(take, round(seconds * material.sample_rate) - take.heard_from)


def _told(take: Take, response: np.ndarray, sample_rate: int) -> tuple[Trigger, bool] | None:
    """Tell whether the effect divides, by the beginning of a take."""
    part = slice(0, round(TOLD_SECONDS * sample_rate))
    dry, wet = take.dry[:, part], take.wet[0, part]
    rest = wet - filter_audio(dry, response)[0]
    if float(rest @ rest) < NEARLY_LINEAR * float(wet @ wet):
        return None
    return find_trigger(dry[0], rest, sample_rate)


def _fitted(
    take: Take,
    trigger: Trigger,
    is_inverted: bool,
    sample_rate: int,
    stop: Callable[[], bool],
    progress: Progress,
) -> tuple[OctaveWindows, Trigger]:
    """Solve the first octave, then both with finer curves, and fit the trigger."""
    taps = round(FITTED_TAPS_SECONDS * sample_rate)

    def heard(seconds: float) -> tuple[np.ndarray, np.ndarray, int, bool]:
        part = slice(0, round(seconds * sample_rate))
        return take.dry[0, part], take.wet[0, part], sample_rate, is_inverted

    windows = OctaveWindows(*heard(HEARD[0][0]), plain_divider(taps, *COARSE_ORDERS))
    counts = windows.count(trigger)
    windows.find_first(counts)
    windows.solve(counts)
    windows.choose(counts)
    windows = _with_second(windows, counts)
    done, turns = 0, sum(times for _, times in HEARD)
    for seconds, times in HEARD:
        windows = OctaveWindows(*heard(seconds), windows.divider, windows.reach)
        for _ in range(times):
            progress(FITTING, done / turns)
            done += 1
            if stop():
                break
            crossings = hear_crossings(windows, trigger)
            trigger = fit_crossings(windows, trigger, crossings)
            trigger = fit_counts(windows, trigger, crossings)
    progress(FITTING, 1.0)
    return windows, trigger


def _with_second(windows: OctaveWindows, counts: np.ndarray) -> OctaveWindows:
    """Add the second octave and finer curves.

    The first octave does not tell whether all its waves are turned over, or its filter is; only the
    second one does, which begins where the first rises.
    """
    sure = windows.explained(windows.choose(counts), SURE)
    both = []
    for turned in (0, 1):
        taps = len(windows.divider.direct)
        heard = windows.dry, windows.wet, windows.rate, windows.is_inverted
        finer = OctaveWindows(*heard, plain_divider(taps, *FINE_ORDERS), windows.reach)
        finer.offsets = (windows.offsets + turned) % 4
        finer.solve(counts, sure)
        finer.find_second(counts)
        finer.solve(counts, sure)
        both.append((float(np.median(finer.choose(counts)[finer.audible])), turned, finer))
    finer = min(both)[2]
    for _ in range(2):
        finer.solve(counts, finer.explained(finer.choose(counts), SURE))
    finer.choose(counts)
    return finer


def _finished(
    fitted: OctaveWindows,
    trigger: Trigger,
    take: Take,
    material: Material,
) -> Chain:
    """Solve the filters over more of what was heard, as a chain plays them."""
    take = _beginning(take, FINISHED_SECONDS, material)
    windows = _windows(take, fitted)
    counts = windows.count(trigger)
    windows.solve(counts, windows.explained(windows.choose(counts), 0.9))
    windows.choose(counts)
    block = _block(windows, trigger, material)
    counted = dataclasses.replace(take, dry=_heard(block, take, windows.counted(counts)))
    validation = tuple(_played(each, block) for each in material.validation)
    behind = dataclasses.replace(material, training=(counted,), validation=validation)
    response = shortest_good_model([solve_linear_model(behind, each) for each in TAPS]).response
    direct = Chain([filter_block(response[:, :1])])
    return Chain([Parallel([direct, Chain([block, filter_block(response[:, 1:])])])])


def _windows(take: Take, fitted: OctaveWindows) -> OctaveWindows:
    """Hear another take as one that was solved."""
    heard = take.dry[0], take.wet[0], fitted.rate, fitted.is_inverted
    return OctaveWindows(*heard, fitted.divider, fitted.reach)


def _block(windows: OctaveWindows, trigger: Trigger, material: Material) -> OctaveDivider:
    """Build the divider, with the count from which the takes kept for judging agree best."""
    found = windows.divider
    config = OctaveDividerConfig(
        **dataclasses.asdict(trigger),
        inverted=windows.is_inverted,
        starts_at=_start(windows, trigger, material),
        order=len(found.steady),
        second_order=len(found.second_steady),
        reach=windows.reach,
        taps=len(found.response),
    )
    block = OctaveDivider(config).requires_grad_(False)
    for name, parameter in block.named_parameters():
        parameter.copy_(torch.from_numpy(np.atleast_1d(getattr(found, name))))
    return block


def _start(windows: OctaveWindows, trigger: Trigger, material: Material) -> int:
    errors = np.zeros(4)
    for take in material.validation:
        heard = _windows(take, windows)
        lefts = heard.alternatives(heard.count(trigger))
        errors += [float(np.square(lefts[each % len(lefts)]).sum()) for each in range(4)]
    return int(errors.argmin())


def _heard(block: OctaveDivider, take: Take, counts: np.ndarray) -> np.ndarray:
    """Return the sound and both octaves at the counts given: ``(3, time)``."""
    dry = torch.from_numpy(take.dry)[None]
    octaves = block.octaves(dry, torch.from_numpy(counts)[None, None])[0].numpy()
    return np.concatenate([take.dry, octaves])


def _played(take: Take, block: OctaveDivider) -> Take:
    octaves = block(torch.from_numpy(take.dry)[None])[0].numpy()
    return dataclasses.replace(take, dry=np.concatenate([take.dry, octaves]))
