"""The solved half of learning where an effect moves: what is asked of it, and what it is made of.

An effect that can be driven is sent the chirp trains of the capture signal; of recordings, frames
of playing must do. Their snapshots tell whether an LFO moves it and how fast; voices whose delay
moves are found in them and refined on ordinary playing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from wetprint.blocks.modulated_delay import (
    ModulatedDelay,
    ModulatedDelayConfig,
    sampled_trajectory,
)
from wetprint.blocks.periodic import interpolating
from wetprint.engine.delay_line import INTERPOLATIONS, TAPS
from wetprint.identify.added_taps import find_added_taps
from wetprint.identify.lfo import Lfo, find_lfo, find_lfo_in_playing
from wetprint.identify.moving_taps import MovingTap, find_moving_taps
from wetprint.identify.recording import Recording
from wetprint.identify.snapshots import Snapshots, snapshot_trains, snapshots_of_playing
from wetprint.learning.material import Material, Take, validation_esr
from wetprint.learning.modulated import Fit, MovingDelays, MovingDelaySolver
from wetprint.models.chain import Chain
from wetprint.models.parallel import Parallel
from wetprint.models.recipes import filter_block
from wetprint.progress import Progress, silent
from wetprint.signals.capture import chirp_trains

WINDOW_SECONDS = 4.0
WINDOW_PLACES = (0.1, 0.8)
"""Where in what was heard trajectories are fitted: far apart, so that the rate is known well."""

SLOW_WINDOWS = 1.5
"""With a turn longer than so many windows, two would not see all of it."""

MOST_WINDOWS = 5

COLOURING_SECONDS = 120.0
COLOUR_TAPS = (32, 256)
"""Of colours while trajectories are coarse, and while they are fine."""

FINAL_COLOUR_TAPS = (256, 1024)
"""The one that plays what was kept for judging better is taken: with many voices and little sound,
short colours are."""

SKIPPED_SECONDS = 0.25
KNOTS = 128
HARMONICS = (1, 3, 8)
START_STEPS = 4
WORTH_MORE_HARMONICS = 0.9
WORTH_RETURNING = 0.8
"""Feedback that was not seen must bring the error below this share."""

HELPFUL = 0.95
"""A tap that was added up must bring the error below this share to be one."""

GOOD_ENOUGH = 1e-6
"""With so little left in the windows, no more harmonics or interpolations are tried."""

MOST_PARAMETERS = 120
"""Columns of a Jacobian that are held at once."""


FindTaps = Callable[[Snapshots, int, float], list[MovingTap]]
"""Finds the voices of one channel in snapshots, given the LFO's period."""


@dataclass(frozen=True)
class Motion:
    """What moves an effect, as its snapshots show it."""

    lfo: Lfo
    trains: tuple[Snapshots, ...]


def find_motion(material: Material, progress: Progress = silent) -> Motion | None:
    """Ask an effect whether, and how, it moves.

    Returns:
        None where it stands still, or moves without a period.
    """
    if material.channels_in > 1:
        return None
    if material.drive is None:
        return _motion_of_playing(material, progress)
    progress("looking for motion", 0.0)
    dry, capture = chirp_trains(material.sample_rate)
    trains = snapshot_trains(capture, dry, material.drive(dry))
    progress("looking for motion", 0.5)
    lfo = find_lfo(trains)
    progress("looking for motion", 1.0)
    return None if lfo is None else Motion(lfo, tuple(trains))


def _motion_of_playing(material: Material, progress: Progress) -> Motion | None:
    progress("looking for motion", 0.0)
    train = snapshots_of_playing(recordings_of(material), material.sample_rate)
    lfo = find_lfo_in_playing(train)
    progress("looking for motion", 1.0)
    return None if lfo is None else Motion(lfo, (train,))


def solve_modulated(
    material: Material,
    motion: Motion,
    stop: Callable[[], bool],
    progress: Progress = silent,
) -> Chain | None:
    """Solve moving delay lines beside the dry signal.

    Args:
        material: what is learned from; mono dry.
        motion: of the effect.
        stop: says that the time for it is over.
        progress: told how far it is.

    Returns:
        The chain; None where no voice draws a line in the snapshots.
    """
    if material.channels_in > 1:
        return None
    taps = best_taps(material, motion, stop)
    if not taps:
        return None
    fit = refined_fit(material, motion, taps, stop, progress)
    return coloured_chain(material, fit, stop, progress)


def coloured_chain(
    material: Material, fit: Fit, stop: Callable[[], bool], progress: Progress = silent
) -> Chain:
    """Solve the colours of refined voices over everything, and build the chain."""
    progress("solving the colours", 0.9)
    skipped = int(SKIPPED_SECONDS * material.sample_rate)
    everything = MovingDelaySolver(long_takes(material), skipped, False)
    chains = [moving_chain(fit.delays)]
    for count in FINAL_COLOUR_TAPS:
        if not stop():
            chains.append(moving_chain(everything.coloured(fit.delays, count).delays))
    return min(chains, key=lambda each: validation_esr(each, material, torch.device("cpu")))


def moving_chain(delays: MovingDelays) -> Chain:
    """Build the chain that plays moving delays."""
    branches = [Chain([filter_block(delays.colours[:, :1])])]
    for number, tap in enumerate(delays.taps, 1):
        trajectory = sampled_trajectory(tap.harmonics, KNOTS)
        longest = int(trajectory.max()) + TAPS[delays.interpolation] + 1
        config = ModulatedDelayConfig(
            delays.period_samples, KNOTS, max(16, longest), delays.interpolation
        )
        line = ModulatedDelay(config)
        line.trajectory.data[0] = torch.from_numpy(interpolating(trajectory)).float()
        line.feedback.data.fill_(tap.feedback)
        branches.append(Chain([line, filter_block(delays.colours[:, number : number + 1])]))
    return Chain([Parallel(branches)])


def started_fit(
    material: Material,
    motion: Motion,
    taps: tuple[MovingTap, ...],
    stop: Callable[[], bool],
    windows: Sequence[Take],
) -> Fit:
    """Refine sines with short colours, which tells whether the rate may be right."""
    start = MovingDelays(motion.lfo.period_samples, taps, "linear", np.zeros(0))
    has_feedback = any(tap.feedback for tap in taps)
    skipped = int(SKIPPED_SECONDS * material.sample_rate)
    solver = MovingDelaySolver(windows, skipped, has_feedback)
    return solver.solve(start.with_harmonics(HARMONICS[0]), COLOUR_TAPS[0], START_STEPS, stop)


def refined_fit(
    material: Material,
    motion: Motion,
    taps: tuple[MovingTap, ...],
    stop: Callable[[], bool],
    progress: Progress = silent,
    windows: Sequence[Take] = (),
) -> Fit:
    """Refine trajectories on windows: few harmonics first, more where they gain something.

    Args:
        material: what was heard.
        motion: of the effect; its period is refined as well.
        taps: voices to begin with, one at least.
        stop: says that what was found so far must do.
        progress: told how far it is.
        windows: what is refined on; two stretches of the longest take where none are given.
    """
    start = MovingDelays(motion.lfo.period_samples, taps, "linear", np.zeros(0))
    has_feedback = any(tap.feedback for tap in start.taps)
    skipped = int(SKIPPED_SECONDS * material.sample_rate)
    solver = MovingDelaySolver(
        windows or _windows(material, motion.lfo.period_samples), skipped, has_feedback
    )
    best: Fit | None = None
    for number, count in enumerate(HARMONICS):
        progress("solving moving delays", number / len(HARMONICS))
        if number and (len(start.taps) * (2 * count + 2) > MOST_PARAMETERS or stop()):
            break
        begin = start if best is None else best.delays
        if best is None:
            begin = solver.solve(
                begin.with_harmonics(count), COLOUR_TAPS[0], START_STEPS, stop
            ).delays
        found = solver.solve(begin.with_harmonics(count), COLOUR_TAPS[1], 6, stop)
        enough = best is not None and found.error > WORTH_MORE_HARMONICS * best.error
        best = found if best is None or found.error < best.error else best
        if enough or best.error < GOOD_ENOUGH:
            break
    assert best is not None  # the first round always runs
    is_hidden = motion.trains[0].played is not None and not has_feedback  # chirps would show it
    if is_hidden and best.error > GOOD_ENOUGH and not stop():
        solver = dataclasses.replace(solver, has_feedback=True)
        returning = solver.solve(best.delays, COLOUR_TAPS[1], 6, stop)
        best = returning if returning.error < WORTH_RETURNING * best.error else best
    return _best_interpolation(solver, best, stop)


def _best_interpolation(solver: MovingDelaySolver, linear: Fit, stop: Callable[[], bool]) -> Fit:
    """Read between samples in each way, and keep the one that leaves the least."""
    best = linear
    for interpolation in INTERPOLATIONS[1:]:
        if stop() or best.error < GOOD_ENOUGH:
            break
        other = dataclasses.replace(linear.delays, interpolation=interpolation)
        found = solver.solve(other, COLOUR_TAPS[1], 2, stop)
        best = min(best, found, key=lambda each: each.error)
    return best


def best_taps(
    material: Material, motion: Motion, stop: Callable[[], bool]
) -> tuple[MovingTap, ...]:
    """Return the voices that explain most of two windows.

    Lines that are followed are of any shape, but voices that move together hide one another; those
    that are added up are sines. In playing nothing can be followed.
    """
    channels = material.channels_out
    error = window_error(material, motion)
    adding = _helpful(_distinct_taps(channels, motion, find_added_taps), error, stop)
    if motion.trains[0].played is not None or (adding and stop()):
        return adding
    followed = _distinct_taps(channels, motion, find_moving_taps)
    return min((followed, adding), key=lambda taps: error(taps) if taps else np.inf)


def window_error(
    material: Material, motion: Motion, windows: Sequence[Take] = ()
) -> Callable[[tuple[MovingTap, ...]], float]:
    """Return what tells the share of windows that some voices leave, with short colours."""
    skipped = int(SKIPPED_SECONDS * material.sample_rate)
    solver = MovingDelaySolver(
        windows or _windows(material, motion.lfo.period_samples), skipped, False
    )

    def error(taps: tuple[MovingTap, ...]) -> float:
        delays = MovingDelays(motion.lfo.period_samples, taps, "linear", np.zeros(0))
        return solver.coloured(delays, COLOUR_TAPS[0]).error

    return error


def _distinct_taps(channels: int, motion: Motion, find: FindTaps) -> tuple[MovingTap, ...]:
    """Return the voices of all channels; one that is heard on both sides counts once."""
    found: list[MovingTap] = []
    for channel in range(channels):
        for tap in find(motion.trains[0], channel, motion.lfo.period_samples):
            apart = [np.abs(tap.harmonics[:3] - each.harmonics[:3]).max() for each in found]
            if min(apart, default=np.inf) > 1.0:
                found.append(tap)
    return tuple(found)


def _helpful(
    taps: tuple[MovingTap, ...],
    error: Callable[[tuple[MovingTap, ...]], float],
    stop: Callable[[], bool],
) -> tuple[MovingTap, ...]:
    """Keep the taps that explain something beyond those before them, the highest first."""
    kept: tuple[MovingTap, ...] = ()
    least = np.inf
    for tap in sorted(taps, key=lambda each: -abs(each.strength)):
        if kept and stop():
            break
        left = error((*kept, tap))
        if left < HELPFUL * least:
            kept, least = (*kept, tap), left
    return kept


def excerpt(take: Take, start: int, samples: int) -> Take:
    """Return a stretch of a take, with its absolute time."""
    stop = start + samples
    return Take(
        take.dry[:, start:stop],
        take.wet[:, start:stop],
        max(0, take.heard_from - start),
        take.name,
        take.start_sample + start,
    )


def _windows(material: Material, period_samples: float) -> list[Take]:
    """Return short stretches of the longest take, or of everything where the LFO is slow."""
    if period_samples > SLOW_WINDOWS * WINDOW_SECONDS * material.sample_rate:
        return spread_windows(material, period_samples)
    longest = max(material.training, key=lambda each: each.scored_samples)
    samples = min(int(WINDOW_SECONDS * material.sample_rate), longest.scored_samples // 2)
    room = longest.dry.shape[1] - samples
    return [excerpt(longest, int(place * room), samples) for place in WINDOW_PLACES]


def spread_windows(material: Material, period_samples: float) -> list[Take]:
    """Return stretches of everything that was heard, spread over the turn of a slow LFO."""
    samples = int(WINDOW_SECONDS * material.sample_rate)
    heard = [
        (take, at)
        for take in long_takes(material)
        for at in range(0, take.dry.shape[1], samples)
        if min(samples, take.dry.shape[1] - at) > samples // 4
    ]
    turns = np.array([(take.start_sample + at) / period_samples for take, at in heard])
    chosen: list[int] = []
    for share in np.arange(MOST_WINDOWS) / MOST_WINDOWS:
        away = np.abs((turns - share + 0.5) % 1.0 - 0.5)
        away[chosen] = np.inf
        if len(chosen) < len(heard):
            chosen.append(int(np.argmin(away)))
    return [excerpt(*heard[each], samples) for each in sorted(chosen)]


def recordings_of(material: Material) -> list[Recording]:
    """Return what is learned from, up to a length that is looked at in seconds."""
    return [Recording(each.dry, each.wet, each.start_sample) for each in long_takes(material)]


def long_takes(material: Material) -> list[Take]:
    """Return takes from the first on, up to a length that is solved in seconds."""
    left = int(COLOURING_SECONDS * material.sample_rate)
    taken = []
    for take in material.training:
        if left > material.sample_rate:
            taken.append(excerpt(take, 0, min(left, take.dry.shape[1])))
            left -= taken[-1].dry.shape[1]
    return taken
