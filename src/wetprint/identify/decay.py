"""How a room dies away: decay times per octave, of impulse responses.

energy_decay_db
    Energy that is still to come, in dB of all of it: Schroeder's backward integral. Schroeder, "New
    method of measuring reverberation time", JASA 37, 1965, doi:10.1121/1.1909343.
decay_times
    Seconds for 60 dB, from a straight line through a stretch of that curve: EDT from 0 to -10 dB,
    T20 from -5 to -25 dB, T30 from -5 to -35 dB. ISO 3382-1:2009, sections 3.4 to 3.6.

Octaves are split by Butterworth filters of third order (IEC 61260-1), run backwards in time, so
that the filters' own ringing falls on the rising side: Jacobsen and Rindel, "Time reversed decay
measurements", JSV 117, 1987, doi:10.1016/0022-460X(87)90447-1. Channels are added up as energies:
several responses of a room that moves are judged together by stacking them as channels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal import butter, sosfilt

OCTAVES_HZ = (125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0)
RANGES_DB = {"edt": (0.0, -10.0), "t20": (-5.0, -25.0), "t30": (-5.0, -35.0)}
FILTER_ORDER = 3
EMPTY_SHARE = 1e-8
"""An octave with less of the response's energy (-80 dB) has no decay to speak of."""

FEWEST_POINTS = 8
"""A line through fewer samples says nothing: the response is over at once."""


@dataclass(frozen=True)
class DecayTimes:
    """Seconds for 60 dB in each octave; nan where there is nothing to measure.

    Attributes:
        octaves_hz: centre frequencies, those that the sample rate carries.
        edt: early decay time, (octave,).
        t20: from 5 to 25 dB down, (octave,).
        t30: from 5 to 35 dB down, (octave,).
    """

    octaves_hz: tuple[float, ...]
    edt: np.ndarray
    t20: np.ndarray
    t30: np.ndarray


def energy_decay_db(response: np.ndarray) -> np.ndarray:
    """Return what is still to come at each sample, in dB: ``(time,)``.

    Args:
        response: ``(channel, time)``; the energies of the channels are added up.

    >>> energy_decay_db(np.array([[3.0, 1.0]])).round(6).tolist()  # a tenth of 9 + 1 is left
    [0.0, -10.0]
    """
    energy = np.square(response, dtype=np.float64).sum(0)
    left = np.cumsum(energy[::-1])[::-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        return 10.0 * np.log10(left / left[0])


def decay_times(response: np.ndarray, sample_rate: int) -> DecayTimes:
    """Measure the decay of an impulse response in each octave.

    Args:
        response: ``(channel, time)``.
        sample_rate: in Hz.
    """
    octaves = tuple(hz for hz in OCTAVES_HZ if hz * 2**0.5 < sample_rate / 2)
    whole = float(np.square(response, dtype=np.float64).sum())
    found: dict[str, list[float]] = {name: [] for name in RANGES_DB}
    for hz in octaves:
        band = _octave(response, hz, sample_rate)
        is_empty = float(np.square(band).sum()) <= EMPTY_SHARE * whole
        curve = energy_decay_db(band)
        for name, (upper, lower) in RANGES_DB.items():
            seconds = np.nan if is_empty else _seconds_for_60_db(curve, upper, lower, sample_rate)
            found[name].append(seconds)
    return DecayTimes(octaves, *(np.array(found[name]) for name in RANGES_DB))


def _octave(response: np.ndarray, centre_hz: float, sample_rate: int) -> np.ndarray:
    edges = [centre_hz / 2**0.5, centre_hz * 2**0.5]
    sections = butter(FILTER_ORDER, edges, "bandpass", fs=sample_rate, output="sos")
    return sosfilt(sections, response[:, ::-1].astype(np.float64))[:, ::-1]


def _seconds_for_60_db(curve_db: np.ndarray, upper: float, lower: float, sample_rate: int) -> float:
    inside = np.flatnonzero((curve_db <= upper) & (curve_db >= lower))
    if len(inside) < FEWEST_POINTS:
        return np.nan
    slope = np.polyfit(inside / sample_rate, curve_db[inside], 1)[0]  # dB a second
    return -60.0 / slope if slope < 0.0 else np.nan
