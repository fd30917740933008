"""The periodic part of an effect: impulse responses that come again with every turn of an LFO.

The response is expanded in harmonics of the LFO, ``h(phase, tap) = sum over m of g_m(tap) e^(i m
phase)``. Filtering the dry signal after it has been multiplied by the harmonics makes this an
ordinary FIR with several inputs; a harmonic that turns before the filter instead of behind it
differs by a factor for each tap, which is put right afterwards, exactly. (Linear periodically
time-varying systems: Vaidyanathan 1993, Multirate Systems and Filter Banks, section 10.1.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from wetprint.identify.linear_response import LinearFitConfig, ManyInputEquations
from wetprint.identify.recording import Recording


@dataclass(frozen=True)
class PeriodicResponse:
    """Harmonics of a response.

    Attributes:
        harmonics: ``(channels_out, 1 + harmonics, taps)`` complex; the response at a phase is the
            real part of their sum, each turned on by its multiple of the phase.
    """

    harmonics: np.ndarray

    def at(self, phase: np.ndarray) -> np.ndarray:
        """Return the responses at some phases: ``(channels_out, phases, taps)``."""
        turned = np.exp(2j * np.pi * np.outer(phase, np.arange(self.harmonics.shape[1])))
        return np.real(turned @ self.harmonics)


def solve_periodic_response(
    recordings: Sequence[Recording],
    period_samples: float,
    harmonics: int,
    taps: int,
    config: LinearFitConfig | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> PeriodicResponse:
    """Solve for the harmonics by least squares.

    Args:
        recordings: one or more.
        period_samples: of the LFO.
        harmonics: how many beside the mean response.
        taps: length of the responses.
        config: see NormalEquations.solve.
        stop: likewise.
    """
    solved = solve_turned(recordings, period_samples, harmonics, taps, config, stop)
    numbers = np.arange(1, harmonics + 1)
    late = np.exp(-2j * np.pi * np.outer(numbers, np.arange(taps)) / period_samples)
    moving = (solved[:, 1::2] - 1j * solved[:, 2::2]) * late
    return PeriodicResponse(np.concatenate([solved[:, :1].astype(complex), moving], 1))


def solve_turned(
    recordings: Sequence[Recording],
    period_samples: float,
    harmonics: int,
    taps: int,
    config: LinearFitConfig | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> np.ndarray:
    """Solve for what filters the signal after it was multiplied by each harmonic.

    Args:
        recordings, period_samples, harmonics, taps, config, stop: see solve_periodic_response.

    Returns:
        ``(channels_out, 1 + 2 harmonics, taps)``, in the order of turned_inputs.
    """
    equations = ManyInputEquations(taps, 1 + 2 * harmonics, len(recordings[0].wet))
    for each in recordings:
        turned = turned_inputs(each.dry[0], each.start_sample, period_samples, harmonics)
        equations.add(turned, each.wet)
    return equations.solve(config, stop).response


def turned_inputs(
    dry: np.ndarray, start_sample: int, period_samples: float, harmonics: int
) -> np.ndarray:
    """Return the signal, and its products with every harmonic: ``(1 + 2 harmonics, time)``."""
    phase = 2 * np.pi * ((start_sample + np.arange(len(dry))) / period_samples % 1.0)
    rows = [dry]
    for number in range(1, harmonics + 1):
        rows += [dry * np.cos(number * phase), dry * np.sin(number * phase)]
    return np.stack(rows)
