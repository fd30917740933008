"""The solved half of learning where an effect divides: an octave pedal with flip-flops.

Whether it divides is told first, cheaply (``octave_start.py``). Its trigger is then fitted to
playing in windows whose count is free (``octave_fit.py``); the filters beside and behind the
flip-flops are solved last. The count that silence leaves is found by what was kept for judging. A
recording that is cut out of the middle of playing begins with a count that nothing tells: such
effects are learned by driving them.
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
from wetprint.learning.material import Material, Take, shortened, validation_esr
from wetprint.learning.octave_fit import TIMELESS, Round, common_filter, fit_trigger
from wetprint.learning.octave_start import find_trigger
from wetprint.learning.octave_windows import FIRST, SECOND, OctaveWindows
from wetprint.models.chain import Chain
from wetprint.models.parallel import Parallel
from wetprint.models.recipes import filter_block
from wetprint.progress import Progress, silent

CPU = torch.device("cpu")

TOLD_SECONDS = 10.0
"""What is listened to, to tell whether the effect divides."""

LINEAR_TAPS = 1024
FITTED_SECONDS = 20.0
FINISHED_SECONDS = 60.0

NEARLY_LINEAR = 0.01
"""Where a filter leaves less than this (-20 dB), nothing is divided that could be heard."""

WORTHWHILE = 0.5
"""Share of the filter's error above which the divider has not been understood."""

TAPS = (512, 2048)
"""Of the filters, the shorter where it does as well."""

FINE_ORDER = 5

COARSE = (Round(TIMELESS, 4.0, 120, 4e-3, 0.4),)
FINE = (
    Round(TIMELESS, 2.0, 150, 4e-3, 0.6, 0.5),
    Round(TIMELESS, 2.0, 150, 1e-3, 0.7, 1.0),
    Round(TIMELESS, 1.0, 150, 3e-4, 0.8, 1.0),
)
"""Searches without the second octave, and with it."""


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
    chain = _finished(fitted, trigger, take, material)
    error = validation_esr(chain, material, CPU)
    return chain if error < WORTHWHILE * linear.error else None


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
    """Fit the trigger, first by the first octave alone, then by both and finer curves."""
    part = slice(0, round(FITTED_SECONDS * sample_rate))
    heard = take.dry[0, part], take.wet[0, part], sample_rate, is_inverted
    windows = OctaveWindows(*heard)
    counts = windows.count(trigger)
    windows.find_first(counts)
    windows.solve(counts)
    count = len(COARSE) + len(FINE)

    def report(done: float) -> None:
        progress("fitting the octave divider", done / count)

    trigger = fit_trigger(windows, trigger, COARSE, stop, report)
    counts = windows.count(trigger)
    both = [_with_second(windows, counts, turned) for turned in (0, 1)]
    finer = min(both, key=lambda each: float(np.median(each.choose(counts)[each.audible])))
    trigger = fit_trigger(finer, trigger, FINE, stop, report)
    progress("fitting the octave divider", 1.0)
    return finer, trigger


def _with_second(windows: OctaveWindows, counts: np.ndarray, turned: int) -> OctaveWindows:
    """Add the second octave and finer curves.

    The first octave does not tell whether all its waves are turned over, or its filter is; only the
    second one does, which begins where the first rises.
    """
    finer = OctaveWindows(
        windows.dry,
        windows.wet,
        windows.rate,
        windows.is_inverted,
        FINE_ORDER,
        windows.reach,
    )
    finer.offsets = (windows.offsets + turned) % 4
    finer.solve(counts)
    finer.find_second(counts)
    finer.solve(counts)
    for _ in range(2):
        finer.solve(counts, finer.explained(finer.choose(counts), 0.6))
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
    windows = OctaveWindows(
        take.dry[0],
        take.wet[0],
        material.sample_rate,
        fitted.is_inverted,
        fitted.order,
        fitted.reach,
    )
    windows.filters, windows.has_second = fitted.filters, fitted.has_second
    counts = windows.count(trigger)
    windows.solve(counts, windows.explained(windows.choose(counts), 0.9))
    windows.choose(counts)
    block = _block(windows, trigger, material)
    counted = dataclasses.replace(take, dry=_heard(block, windows, windows.counted(counts)))
    validation = tuple(_played(each, block) for each in material.validation)
    behind = dataclasses.replace(material, training=(counted,), validation=validation)
    response = shortest_good_model([solve_linear_model(behind, each) for each in TAPS]).response
    direct = Chain([filter_block(response[:, :1])])
    return Chain([Parallel([direct, Chain([block, filter_block(response[:, 1:])])])])


def _block(windows: OctaveWindows, trigger: Trigger, material: Material) -> OctaveDivider:
    """Build the divider, with the count from which the takes kept for judging agree best."""
    assert windows.filters is not None
    order = windows.order
    response, switched = common_filter(windows.filters[order : 2 * order], windows.powers)
    steady = windows.filters[:order] @ response / float(response @ response)
    steady[0] = 0.0  # part of the direct sound's filter
    config = OctaveDividerConfig(
        **dataclasses.asdict(trigger),
        inverted=windows.is_inverted,
        starts_at=_start(windows, trigger, material),
        order=order,
        reach=windows.reach,
    )
    block = OctaveDivider(config).requires_grad_(False)
    block.steady.copy_(torch.from_numpy(steady))
    block.switched.copy_(torch.from_numpy(switched))
    return block


def _start(windows: OctaveWindows, trigger: Trigger, material: Material) -> int:
    errors = np.zeros(4)
    for take in material.validation:
        heard = OctaveWindows(
            take.dry[0],
            take.wet[0],
            material.sample_rate,
            windows.is_inverted,
            windows.order,
            windows.reach,
        )
        heard.filters, heard.has_second = windows.filters, windows.has_second
        rest = heard.wet - heard.steady()
        played = heard.alternatives(heard.count(trigger))
        errors += [float(np.square(rest - played[each % len(played)]).sum()) for each in range(4)]
    return int(errors.argmin())


def _heard(block: OctaveDivider, windows: OctaveWindows, counts: np.ndarray) -> np.ndarray:
    """Return the sound and both octaves at the counts given: ``(3, time)``."""
    steady, switched = (each.double().numpy() for each in (block.steady, block.switched))
    octave = steady @ windows.powers + FIRST[counts] * (switched @ windows.powers)
    return np.stack([windows.dry, octave, SECOND[counts] * octave]).astype(np.float32)


def _played(take: Take, block: OctaveDivider) -> Take:
    octaves = block(torch.from_numpy(take.dry)[None])[0].numpy()
    return dataclasses.replace(take, dry=np.concatenate([take.dry, octaves]))
