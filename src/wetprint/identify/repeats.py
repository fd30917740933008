"""What plays again later: an echo's delay, its heads, and what its loop does to the sound.

Echoes are bursts of a rough impulse response (``echo.py``). Bursts at multiples of the first delay
went round the loop, and what one round does is what makes the later of them differ, once all heads
have played; a head between them, or one that is louder than the loop can explain, is a head of its
own. Repeats of soft playing that differ from those of loud playing went through something that
saturates.
"""

from __future__ import annotations

import numpy as np

from wetprint.identify.echo import Burst, find_bursts, rough_response
from wetprint.identify.findings import Repeats

OCTAVES_HZ = (125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0)

BURST_SECONDS = 0.02
"""Of a repeat that is looked at; no longer than the delay."""

NEAR = 0.02
"""Share of the delay by which a round may miss its multiple."""

LEAST_FEEDBACK = 0.02

HEAD_OF_ITS_OWN = 1.5
"""Energy of a second repeat beside what the loop explains, above which another head plays it."""

SATURATION_DB = 0.5
"""By which repeats of loud and soft playing must differ."""

MOST_BURSTS = 24
"""More are a room."""

STANDS_OUT = 8.0
"""An echo's energy beside that of as much sound after it; in a room it is one of many."""

HEARD_DB = -40.0
"""An octave this far below the loudest of a repeat says nothing."""


def find_repeats(
    dry: np.ndarray, wet: np.ndarray, sample_rate: int, soft: np.ndarray | None = None
) -> Repeats | None:
    """Say what plays again, if anything does.

    Args:
        dry: ``(time,)``.
        wet: ``(time,)``, aligned with it.
        sample_rate: Hz.
        soft: what a softer dry signal gave, turned up again; None where it could not be asked.
    """
    bursts = find_bursts(dry, wet, sample_rate)
    if not bursts or len(bursts) > MOST_BURSTS:
        return None
    response, delay = rough_response(dry, wet, sample_rate), bursts[0].onset
    samples = min(delay // 2, round(BURST_SECONDS * sample_rate))
    first, after = _energy(response, delay, samples), _energy(response, delay + samples, samples)
    if first < STANDS_OUT * after:
        return None
    saturates = None
    if soft is not None:
        softer = _energy(rough_response(dry, soft, sample_rate), delay, samples)
        saturates = bool(abs(10.0 * np.log10(softer / first)) > SATURATION_DB)
    rounds = _rounds(bursts, delay)
    between = sum(each.onset < (2.0 - NEAR) * delay for each in bursts)
    delay_ms = 1000.0 * delay / sample_rate
    energies = [_energy(response, each, samples) for each in rounds]
    round_trip = _round_trip(energies)
    if round_trip < LEAST_FEEDBACK**2:
        return Repeats(delay_ms, between, 0.0, (), (), saturates)
    has_another = energies[1] > HEAD_OF_ITS_OWN * round_trip * energies[0]
    if not has_another:  # then the loudest two say it best
        round_trip = energies[1] / energies[0]
    places = (rounds[-3], rounds[-2]) if len(rounds) > 3 else (rounds[-2], rounds[-1])
    octaves, gains = _loop_gains(response, places, samples, sample_rate)
    feedback = float(np.sqrt(round_trip))
    return Repeats(delay_ms, between + has_another, feedback, octaves, gains, saturates)


def _rounds(bursts: list[Burst], delay: int) -> list[int]:
    """Return where bursts lie that follow one another at multiples of the delay."""
    rounds = []
    while True:
        due = (len(rounds) + 1) * delay
        near = [each for each in bursts if abs(each.onset - due) <= NEAR * delay]
        if not near:
            return rounds
        rounds.append(min(near, key=lambda each: abs(each.onset - due)).onset)


def _round_trip(energies: list[float]) -> float:
    """Return the energy of one repeat beside that of the one before, when all heads have played."""
    if len(energies) < 2:
        return 0.0
    first = 1 if len(energies) > 2 else 0
    return float((energies[-1] / energies[first]) ** (1.0 / (len(energies) - 1 - first)))


def _energy(response: np.ndarray, start: int, samples: int) -> float:
    return float(np.square(response[start : start + samples]).sum()) + 1e-30


def _loop_gains(
    response: np.ndarray, places: tuple[int, int], samples: int, sample_rate: int
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return octaves that are heard in both repeats, and the gain of one round in each."""
    size = 1 << int(np.ceil(np.log2(2 * samples)))
    hz = np.fft.rfftfreq(size, 1.0 / sample_rate)
    powers = [np.square(np.abs(np.fft.rfft(response[at : at + samples], size))) for at in places]
    octaves, gains = [], []
    loudest = max(_octave(powers[0], hz, each) for each in OCTAVES_HZ)
    for each in OCTAVES_HZ:
        first, second = (_octave(power, hz, each) for power in powers)
        if first > loudest * 10.0 ** (HEARD_DB / 10.0):
            octaves.append(each)
            gains.append(10.0 * np.log10(max(second, 1e-30) / first))
    highest = max(gains)
    return tuple(octaves), tuple(float(each - highest) for each in gains)


def _octave(power: np.ndarray, hz: np.ndarray, centre_hz: float) -> float:
    inside = (hz >= centre_hz / 2**0.5) & (hz < centre_hz * 2**0.5)
    return float(power[inside].mean()) if inside.any() else 0.0
