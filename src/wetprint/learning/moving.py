"""The solved half of learning where an effect moves: what is asked of it, and what it is made of.

An effect that can be driven is sent the chirp trains of the capture signal; of recordings, frames
of playing must do. Their snapshots tell whether an LFO moves it and how fast; voices whose delay
moves are found in them and refined on ordinary playing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
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
from wetprint.identify.lfo import LEAST_TURNS, Lfo, find_lfo, find_lfo_in_playing
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

SLOW_WINDOWS, FEW_TURNS = 1.5, LEAST_TURNS
"""Two windows do not see all of an LFO whose turn is longer than so many of them, or of which no
more turns were heard; then they are taken from everywhere."""

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
START_STEPS, STEPS = 4, 6
"""Gauss-Newton steps with short colours, and then with long ones for each count of harmonics."""
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
    fit = refined_fit(material, started_fit(material, motion, taps, stop), stop, progress)
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
    material: Material, motion: Motion, taps: tuple[MovingTap, ...], stop: Callable[[], bool]
) -> Fit:
    """Refine voices as sines with short colours, and the LFO's period with them.

    Args:
        material: what was heard.
        motion: of the effect.
        taps: voices to begin with, one at least.
        stop: says that what was found so far must do.
    """
    start = MovingDelays(motion.lfo.period_samples, taps, "linear", np.zeros(0))
    solver = _solver(material, start.period_samples, any(tap.feedback for tap in taps))
    return solver.solve(start.with_harmonics(HARMONICS[0]), COLOUR_TAPS[0], START_STEPS, stop)


def refined_fit(
    material: Material, started: Fit, stop: Callable[[], bool], progress: Progress = silent
) -> Fit:
    """Refine trajectories: few harmonics first, more where they gain something.

    Args:
        material: what was heard.
        started: see started_fit.
        stop: says that what was found so far must do.
        progress: told how far it is.
    """
    has_feedback = any(tap.feedback for tap in started.delays.taps)
    solver = _solver(material, started.delays.period_samples, has_feedback)
    best = solver.solve(started.delays, COLOUR_TAPS[1], STEPS, stop)
    for number, count in enumerate(HARMONICS[1:], 1):
        progress("solving moving delays", number / len(HARMONICS))
        is_large = len(best.delays.taps) * (2 * count + 2) > MOST_PARAMETERS
        if best.error < GOOD_ENOUGH or is_large or stop():
            break
        found = solver.solve(best.delays.with_harmonics(count), COLOUR_TAPS[1], STEPS, stop)
        gained = found.error <= WORTH_MORE_HARMONICS * best.error
        best = min(best, found, key=lambda each: each.error)
        if not gained:
            break
    is_hidden = material.drive is None and not has_feedback  # chirps would have shown it
    if is_hidden and best.error > GOOD_ENOUGH and not stop():
        solver = dataclasses.replace(solver, has_feedback=True)
        returning = solver.solve(best.delays, COLOUR_TAPS[1], STEPS, stop)
        best = returning if returning.error < WORTH_RETURNING * best.error else best
    return _best_interpolation(solver, best, stop)


def _solver(material: Material, period_samples: float, has_feedback: bool) -> MovingDelaySolver:
    """Return what fits moving delays to windows of what was heard."""
    skipped = int(SKIPPED_SECONDS * material.sample_rate)
    return MovingDelaySolver(_windows(material, period_samples), skipped, has_feedback)


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
    """Return the voices that explain most of some windows.

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


def window_error(material: Material, motion: Motion) -> Callable[[tuple[MovingTap, ...]], float]:
    """Return what tells the share of some windows that voices leave, with short colours."""
    solver = _solver(material, motion.lfo.period_samples, False)

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
    """Return short stretches: of the longest take, or from all around the turn of a slow LFO."""
    samples, skipped = (int(s * material.sample_rate) for s in (WINDOW_SECONDS, SKIPPED_SECONDS))
    takes = long_takes(material)
    heard_samples = sum(each.scored_samples for each in takes)
    if period_samples > min(SLOW_WINDOWS * samples, heard_samples / FEW_TURNS):
        stretches = [
            excerpt(take, at, samples)
            for take in takes
            for at in range(0, take.dry.shape[1] - 2 * skipped, samples)
        ]
        stretches.sort(key=lambda each: each.start_sample / period_samples % 1.0)
        if stretches:
            places = np.linspace(0, len(stretches) - 1, min(MOST_WINDOWS, len(stretches)))
            return [stretches[round(each)] for each in places]
    longest = max(material.training, key=lambda each: each.scored_samples)
    samples = min(samples, longest.scored_samples // 2)
    room = longest.dry.shape[1] - samples
    return [excerpt(longest, int(place * room), samples) for place in WINDOW_PLACES]


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
