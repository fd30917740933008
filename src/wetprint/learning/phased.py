"""Effects that an LFO moves, solved: a phaser, or anything else that is linear and periodic."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
import torch

from wetprint.blocks.block import Block
from wetprint.blocks.convolution import Fir, FirConfig
from wetprint.blocks.periodic import interpolating
from wetprint.blocks.periodic_filter import PeriodicFilter, PeriodicFilterConfig
from wetprint.blocks.phaser import Phaser
from wetprint.identify.linear_response import LinearFitConfig
from wetprint.identify.periodic_response import (
    PeriodicResponse,
    solve_periodic_response,
)
from wetprint.identify.phase_spectra import PhaseSpectra, spectra_of_sound
from wetprint.identify.recording import Recording
from wetprint.learning.linear import never
from wetprint.learning.phaser_fit import (
    FittedPhaser,
    FittedSide,
    Window,
    dense_weights,
    fit_phaser,
)
from wetprint.learning.phaser_start import PhaserStart, find_phaser_starts
from wetprint.models.chain import Chain
from wetprint.models.parallel import Parallel
from wetprint.progress import Progress, silent

AnyBlock = TypeVar("AnyBlock", bound=Block)

FILTER_HARMONICS, FILTER_TAPS, KNOTS_A_HARMONIC = 12, 256, 8
FILTER_RIDGE = 1e-6

START_PHASES = 64
START_KNOTS, KNOTS = 32, (32, 128)
COLOUR_TAPS = 8

WINDOW_SECONDS, SETTLING_SECONDS = 0.25, 0.2
TURN_PARTS, TRIAL_WINDOWS, WINDOWS = 8, 16, 80
LOUD_ENOUGH = 0.03
"""Beside the mean of all windows."""

TRIALS = 4
"""Numbers of stages that are tried."""

TRIAL_STEPS, STEPS = 3, 10
CLEAR = 0.01
"""A trial that leaves less needs no other beside it."""

FRUITFUL = 0.98
"""More knots, or stages that differ, must bring the error below this share."""


def solve_periodic_filter(
    recordings: Sequence[Recording],
    period_samples: float,
    stop: Callable[[], bool] = never,
    progress: Progress = silent,
) -> Chain:
    """Return a chain that filters with what the LFO's phase blends.

    Args:
        recordings: what was heard, of one dry channel.
        period_samples: of the LFO, whose turn begins at absolute time zero.
        stop: says that the search has lasted long enough.
        progress: told how far it is.
    """
    progress("solving the periodic part", 0.0)
    config = LinearFitConfig(ridge=FILTER_RIDGE, tolerance=1e-6, most_iterations=300)
    solved = solve_periodic_response(
        recordings, period_samples, FILTER_HARMONICS, FILTER_TAPS, config, stop
    )
    progress("solving the periodic part", 1.0)
    return Chain([periodic_filter_block(solved, period_samples)])


def periodic_filter_block(solved: PeriodicResponse, period_samples: float) -> PeriodicFilter:
    """Return the block that plays solved responses."""
    channels_out, harmonics, taps = solved.harmonics.shape
    knots = KNOTS_A_HARMONIC * max(1, harmonics - 1)
    responses = solved.at(np.arange(knots) / knots)  # (out, knots, taps)
    coefficients = interpolating(responses.swapaxes(1, 2)).transpose(2, 0, 1)[:, :, None]
    config = PeriodicFilterConfig(period_samples, knots, taps, 1, channels_out)
    return _filled(PeriodicFilter(config), response=coefficients)


def solve_phaser(
    recordings: Sequence[Recording],
    period_samples: float,
    sample_rate: int,
    stop: Callable[[], bool] = never,
    progress: Progress = silent,
    spectra: PhaseSpectra | None = None,
) -> FittedPhaser | None:
    """Find the phaser that was heard.

    Args:
        recordings: what was heard, of one dry channel.
        period_samples: of the LFO, roughly; it is refined.
        sample_rate: Hz.
        stop: says that the search has lasted long enough.
        progress: told how far it is.
        spectra: responses over the turn, where they are known; otherwise they are measured.

    Returns:
        None where the sides do not even agree in the number of their stages.
    """
    progress("looking for a phaser", 0.0)
    spectra = spectra or spectra_of_sound(recordings, period_samples, sample_rate, START_PHASES)
    sides = [
        find_phaser_starts(spectra, channel, sample_rate, START_KNOTS, stop=stop)
        for channel in range(len(spectra.response))
    ]
    few, windows = (
        choose_moving_windows(recordings, sample_rate, period_samples, most)
        for most in (TRIAL_WINDOWS, WINDOWS)
    )

    def report(error: float) -> None:
        progress("looking for a phaser", 0.5, f"error {error:.2g}")

    tried = []
    for starts in _likely_sides(sides):
        fitted = tuple(FittedSide.of(each, COLOUR_TAPS) for each in starts)
        start = FittedPhaser(fitted, period_samples)
        tried.append(fit_phaser(start, few, TRIAL_STEPS, stop, report))
        if tried[-1].error < CLEAR:
            break
    if not tried:
        return None
    best = min(tried, key=lambda each: each.error)
    for knots in KNOTS:
        finer = fit_phaser(_on_knots(best, knots), windows, STEPS, stop, report)
        if finer.error > FRUITFUL * best.error and finer.knots > best.knots:
            break
        best = finer
    progress("looking for a phaser", 1.0)
    return best


def phaser_chain(phaser: FittedPhaser) -> Chain:
    """Return the finished chain: a filter beside the stages, and one behind them."""
    channels = len(phaser.sides)
    taps = len(phaser.sides[0].dry)
    dry = np.stack([each.dry for each in phaser.sides])[:, None]
    wet = np.zeros((channels, channels, taps))
    for number, side in enumerate(phaser.sides):
        wet[number, number] = side.wet
    block = _filled(
        Phaser(phaser.config),
        curve=np.stack([each.curve for each in phaser.sides]),
        spread=np.stack([each.spread for each in phaser.sides]),
        feedback=np.array([each.feedback for each in phaser.sides]),
    )
    beside = _filled(Fir(FirConfig(taps, 1, channels)), response=dry)
    behind = _filled(Fir(FirConfig(taps, channels, channels)), response=wet)
    return Chain([Parallel([Chain([beside]), Chain([block, behind])])])


def choose_moving_windows(
    recordings: Sequence[Recording], sample_rate: int, period_samples: float, most: int
) -> list[Window]:
    """Return stretches that are loud enough to say something, as many for each part of the turn."""
    scored, lead = round(WINDOW_SECONDS * sample_rate), round(SETTLING_SECONDS * sample_rate)
    found = []
    for each in recordings:
        for first in range(lead, each.dry.shape[-1] - scored + 1, scored):
            part = slice(first - lead, first + scored)
            start = each.start_sample + first - lead
            found.append(Window(each.dry[0, part], each.wet[:, part], start, lead))
    energy = np.array([np.square(each.wet, dtype=np.float64).mean() for each in found])
    parts: list[list[Window]] = [[] for _ in range(TURN_PARTS)]
    for window, loud in zip(found, energy >= LOUD_ENOUGH * energy.mean(), strict=True):
        if loud:
            part = int(window.start_sample / period_samples % 1.0 * TURN_PARTS)
            parts[part].append(window)
    return [each for part in parts for each in _evenly(part, most // TURN_PARTS)]


def _evenly(windows: list[Window], most: int) -> list[Window]:
    places = np.linspace(0, len(windows) - 1, min(most, len(windows)))
    return [windows[int(each)] for each in places]


def _likely_sides(sides: list[list[PhaserStart]]) -> list[tuple[PhaserStart, ...]]:
    """Return starts with as many stages on every side, the likeliest first."""
    together = []
    for first in sides[0]:
        same = [[each for each in side if each.stages == first.stages] for side in sides]
        if all(same):
            together.append(tuple(each[0] for each in same))
    return sorted(together, key=lambda starts: sum(each.error for each in starts))[:TRIALS]


def _on_knots(phaser: FittedPhaser, knots: int) -> FittedPhaser:
    def finer(side: FittedSide) -> FittedSide:
        values = dense_weights(np.arange(knots) / knots, len(side.curve)) @ side.curve
        return dataclasses.replace(side, curve=interpolating(values))

    return dataclasses.replace(phaser, sides=tuple(map(finer, phaser.sides)))


def _filled(block: AnyBlock, **values: np.ndarray) -> AnyBlock:
    """Set a block's parameters."""
    parameters = dict(block.named_parameters())
    with torch.no_grad():
        for name, value in values.items():
            parameters[name].copy_(torch.from_numpy(np.ascontiguousarray(value)))
    return block
