"""What lies between a string and the cable: pickup, pick, palm, electronics and their noise.

A sampled note always sounds the same, only louder or softer; a real one is brighter when struck
harder, darkens as it dies away, lacks the partials that have a node at the pickup, begins with
the scrape of a pick and comes with hum. This file draws those things at random for each phrase,
so that one small SoundFont sounds like many instruments. All filters are the cookbook's biquads
(R. Bristow-Johnson, Audio EQ Cookbook, 2005).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import signal
from scipy.ndimage import uniform_filter1d

from wetprint.signals.drawing import log_uniform
from wetprint.signals.hands import Stroke

_STRING_EDGE_S = 0.003
_BURST_S = 0.04
_HARDEST_NOTE_PEAK, _SOFTEST_PEAK = 0.2, 0.001
"""Where a note of full velocity peaks in the SoundFonts that were looked at (-14 dBFS)."""


@dataclass(frozen=True)
class Tone:
    """How one phrase's instrument sounds.

    Attributes:
        programs: General MIDI programs of the two layers that are mixed, and of muted notes.
        layer_mix: share of the second layer, 0 to 1.
        layer_cents: how far the second layer is out of tune with the first.
        pickup_place: distance of the pickup from the bridge as a share of the string.
        pickup_depth: how much of the wave's reflection the pickup hears, -1 to 1.
        bright_from_hz: above it, force and time decide the level.
        force_exponent: how steeply brightness rises with force.
        darkening_s: time in which a note loses its brightness.
        darkest_db: how much it can lose.
        attack_db: how far a note's beginning stands out; attack_s: for how long.
        decay_s: how fast a note dies, beyond what the samples do.
        mute_decay_s: how fast a muted one does.
        pick_db: level of the pick's noise beside the hardest note; pick_hz, pick_decay_s: its
            colour and length.
        sections: the equaliser, as second-order sections.
        noise_db: white noise and hum beside the phrase's peak; mains_hz: of the hum.
    """

    programs: tuple[int, int, int]
    layer_mix: float
    layer_cents: float
    pickup_place: float
    pickup_depth: float
    bright_from_hz: float
    force_exponent: float
    darkening_s: float
    darkest_db: float
    attack_db: float
    attack_s: float
    decay_s: float
    mute_decay_s: float
    pick_db: float
    pick_hz: float
    pick_decay_s: float
    sections: np.ndarray
    noise_db: float
    hum_db: float
    mains_hz: float


def draw_tone(
    rng: np.random.Generator,
    programs: Sequence[int],
    muted_programs: Sequence[int],
    sample_rate: int,
) -> Tone:
    """Draw an instrument from the programs that may be used."""
    first, second = (int(each) for each in rng.choice(programs, 2))
    return Tone(
        programs=(first, second, int(rng.choice(muted_programs))),
        layer_mix=float(rng.choice([0.0, rng.uniform(0.1, 0.6)])),
        layer_cents=float(rng.normal(0, 3)),
        pickup_place=rng.uniform(0.04, 0.3),
        pickup_depth=rng.uniform(-0.6, 0.6),
        bright_from_hz=log_uniform(rng, 400, 2500),
        force_exponent=rng.uniform(0.0, 1.0),
        darkening_s=rng.uniform(0.1, 2.0),
        darkest_db=rng.uniform(0.0, 18.0),
        attack_db=rng.uniform(0, 9),
        attack_s=log_uniform(rng, 0.004, 0.05),
        decay_s=log_uniform(rng, 0.2, 4.0),
        mute_decay_s=rng.uniform(0.03, 0.15),
        pick_db=rng.uniform(-30, 0),
        pick_hz=log_uniform(rng, 700, 7000),
        pick_decay_s=log_uniform(rng, 0.0006, 0.008),
        sections=_draw_equaliser(rng, sample_rate),
        noise_db=rng.uniform(-95, -60),
        hum_db=rng.uniform(-100, -55),
        mains_hz=float(rng.choice([50.0, 60.0])),
    )


def _draw_equaliser(rng: np.random.Generator, sample_rate: int) -> np.ndarray:
    """The coupling capacitor, the body, the wood, the pickup's resonance, the cable.

    The widths and ranges were chosen so that the long-term spectra of phrases spread around
    those of recorded guitars and basses, wider than these do; the low end most of all, which
    sampled guitars lack and which decides how a distortion behaves.
    """
    shapes = (
        ("highpass", log_uniform(rng, 15, 70), 0.7, 0.0),
        ("peak", log_uniform(rng, 40, 200), 0.5, rng.uniform(-4, 10)),
        ("peak", log_uniform(rng, 90, 300), 0.8, rng.normal(0, 3)),
        ("peak", log_uniform(rng, 300, 1200), 1.0, rng.normal(0, 4)),
        ("peak", log_uniform(rng, 1200, 4500), 1.2, rng.normal(0, 5)),
        ("lowpass", log_uniform(rng, 1800, 7000), rng.uniform(0.6, 2.5), 0.0),
        ("lowpass", log_uniform(rng, 4000, 12000), 0.7, 0.0),
    )
    return np.array([_biquad(*each, sample_rate) for each in shapes])


def _biquad(kind: str, frequency_hz: float, q: float, gain_db: float, rate: float) -> list[float]:
    """One second-order section (b0 b1 b2 a0 a1 a2, a0 = 1)."""
    omega = 2 * np.pi * min(frequency_hz, 0.45 * rate) / rate
    alpha, cosine, amplitude = np.sin(omega) / (2 * q), np.cos(omega), 10 ** (gain_db / 40)
    if kind == "lowpass":
        b, a = [(1 - cosine) / 2, 1 - cosine, (1 - cosine) / 2], [1 + alpha, -2 * cosine, 1 - alpha]
    elif kind == "highpass":
        b, a = (
            [(1 + cosine) / 2, -1 - cosine, (1 + cosine) / 2],
            [1 + alpha, -2 * cosine, 1 - alpha],
        )
    else:
        b = [1 + alpha * amplitude, -2 * cosine, 1 - alpha * amplitude]
        a = [1 + alpha / amplitude, -2 * cosine, 1 - alpha / amplitude]
    return [each / a[0] for each in (*b, *a)]


def colour_string(
    sound: np.ndarray, strokes: Sequence[Stroke], open_hz: float, tone: Tone, sample_rate: int
) -> np.ndarray:
    """Put one string under the pickup, and let force, time and palm shape it: ``(time,)``."""
    if abs(tone.pickup_depth) > 0.05:
        delay = tone.pickup_place * sample_rate / open_hz
        sound = sound - np.float32(tone.pickup_depth) * _delayed(sound, delay)
    brightness, loudness = _courses(len(sound), strokes, tone, sample_rate)
    corner = 1 - np.exp(-2 * np.pi * tone.bright_from_hz / sample_rate)
    pole = np.array([1, corner - 1], np.float32)
    dark = signal.lfilter(np.array([corner], np.float32), pole, sound)
    return loudness * (dark + brightness * (sound - dark))


def _delayed(sound: np.ndarray, samples: float) -> np.ndarray:
    whole, part = int(samples), samples % 1.0
    late = np.concatenate([np.zeros(whole + 1, sound.dtype), sound])
    return np.float32(1 - part) * late[1 : len(sound) + 1] + np.float32(part) * late[: len(sound)]


def _courses(
    length: int, strokes: Sequence[Stroke], tone: Tone, sample_rate: int
) -> tuple[np.ndarray, np.ndarray]:
    """Gain above the corner, and of everything, at each sample: ``(length,)`` each."""
    brightness, loudness = np.ones((2, length), np.float32)
    darkest = 10 ** (-tone.darkest_db / 20)
    attack_gain = 10 ** (tone.attack_db / 20) - 1
    starts = [min(length, round(stroke.start_s * sample_rate)) for stroke in strokes]
    for stroke, start, stop in zip(strokes, starts, [*starts[1:], length], strict=True):
        times_s = np.arange(stop - start, dtype=np.float32) / sample_rate
        struck = stroke.force**tone.force_exponent
        brightness[start:stop] = struck * (
            darkest + (1 - darkest) * np.exp(-times_s / tone.darkening_s)
        )
        decay_s = tone.mute_decay_s if stroke.muted else tone.decay_s
        attack = attack_gain * np.exp(-times_s / tone.attack_s)
        loudness[start:stop] = np.exp(-times_s / decay_s) * (1 + attack)
    edge = max(1, round(_STRING_EDGE_S * sample_rate))
    return uniform_filter1d(brightness, edge), uniform_filter1d(loudness, edge)


def pick_noise(
    rng: np.random.Generator, length: int, strokes: Sequence[Stroke], tone: Tone, sample_rate: int
) -> np.ndarray:
    """The scrape and the knock at the beginning of each stroke: ``(length,)``."""
    clicks = np.zeros(length)
    for stroke in strokes:
        start = round(stroke.start_s * sample_rate)
        if start < length:
            clicks[start] += stroke.force * rng.uniform(0.3, 1.0) * rng.choice([-1, 1])
    times_s = np.arange(round(_BURST_S * sample_rate)) / sample_rate
    burst = rng.standard_normal(len(times_s)) * np.exp(-times_s / tone.pick_decay_s)
    burst = signal.sosfilt([_biquad("lowpass", tone.pick_hz, 0.8, 0, sample_rate)], burst)
    knock = np.exp(-times_s / 0.012) * np.sin(2 * np.pi * rng.uniform(40, 160) * times_s)
    burst = burst / np.abs(burst).max() + rng.uniform(0, 0.7) * knock
    gain = _HARDEST_NOTE_PEAK * 10 ** (tone.pick_db / 20)
    return gain * signal.oaconvolve(clicks, burst)[:length]


def electronics(
    rng: np.random.Generator, sound: np.ndarray, tone: Tone, sample_rate: int
) -> np.ndarray:
    """Equalise, then add hum and hiss beside a peak brought to 1: ``(time,)``.

    What is softer than the softest note stays as soft as that, lest its noise be all there is.
    """
    sound = np.asarray(signal.sosfilt(tone.sections, sound))
    sound = sound / max(float(np.abs(sound).max()), _SOFTEST_PEAK)
    hum = np.resize(_hum(rng, tone.mains_hz, sample_rate), len(sound))
    hiss = rng.standard_normal(len(sound), np.float32)
    return sound + 10 ** (tone.hum_db / 20) * hum + 10 ** (tone.noise_db / 20) * hiss


def _hum(rng: np.random.Generator, mains_hz: float, sample_rate: int) -> np.ndarray:
    """As much of it as repeats exactly: a tenth of a second at the usual sample rates."""
    samples = sample_rate // math.gcd(sample_rate, 10)
    times = np.arange(samples) * (2 * np.pi * mains_hz / sample_rate)
    hum = np.zeros(samples)
    for order in (1, 2, 3, 5, 7):
        hum += np.sin(order * times + rng.uniform(0, 2 * np.pi)) * rng.uniform(0, 1) / order
    return hum
