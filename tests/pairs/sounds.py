"""Generated playing, and effects whose delay, polarity and drift are known exactly."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import signal

RATE = 24_000


def plucked(seconds: float, seed: int = 0, rate: int = RATE) -> np.ndarray:
    """Plucked strings (Karplus and Strong 1983) at random moments and levels, ``(1, time)``."""
    generator = np.random.default_rng(seed)
    length = int(seconds * rate)
    sound = np.zeros(length + 2 * rate)
    start = 0.05
    while start < seconds - 0.1:
        period = int(rate / (82.4 * 2 ** (generator.integers(0, 30) / 12)))
        excitation = np.zeros(int(rate * generator.uniform(0.2, 1.5)))
        excitation[:period] = generator.uniform(-1, 1, period)
        excitation[:period] -= excitation[:period].mean()  # a string has no offset to ring out
        loop = np.r_[1, np.zeros(period - 1), -0.498, -0.498]
        note = signal.lfilter([1], loop, excitation) * generator.uniform(0.1, 1)
        note[-200:] *= np.linspace(1, 0, 200)
        begin = int(start * rate)
        sound[begin : begin + len(note)] += note
        start += generator.uniform(0.1, 0.5)
    sound = sound[:length] + 1e-5 * generator.standard_normal(length)
    return as_channels(0.5 * sound / np.abs(sound).max())


def as_channels(sound: np.ndarray) -> np.ndarray:
    return np.atleast_2d(sound).astype(np.float32)


def delayed(sound: np.ndarray, samples: float) -> np.ndarray:
    """Delay by any fraction of a sample, exactly, or advance by a negative one."""
    length = sound.shape[-1]
    size = 2 ** int(np.ceil(np.log2(length + 2 * abs(samples) + 4096)))
    turn = np.exp(-2j * np.pi * np.arange(size // 2 + 1) * samples / size)
    turn[-1] = turn[-1].real
    return np.fft.irfft(np.fft.rfft(sound.astype(float), size) * turn, size)[..., :length].astype(
        np.float32
    )


def at_another_clock(sound: np.ndarray, ppm: float) -> np.ndarray:
    """What a recorder writes whose clock is faster by ``ppm``: more samples for the same time."""
    size = sound.shape[-1]
    positions = np.arange(int(size * (1 + ppm * 1e-6))) / (1 + ppm * 1e-6)
    whole = np.floor(positions).astype(int)
    taps = np.arange(-31, 33)
    distance = positions[:, None] - (whole[:, None] + taps)
    kernel = np.sinc(distance) * np.cos(np.pi * distance / 66) ** 2
    padded = np.pad(sound[0].astype(float), 64)
    return as_channels((kernel * padded[whole[:, None] + taps + 64]).sum(1))


def _filtered(order: int, edge_hz: float | list[float], kind: str) -> Callable:
    def apply(sound: np.ndarray) -> np.ndarray:
        sections = signal.butter(order, edge_hz, kind, fs=RATE, output="sos")
        return signal.sosfilt(sections, sound)

    return apply


def _compressed(sound: np.ndarray) -> np.ndarray:
    pole = np.exp(-1 / (0.01 * RATE))
    level = np.sqrt(signal.lfilter([1 - pole], [1, -pole], sound**2) + 1e-8)
    return sound * np.minimum(1, (0.05 / level) ** 0.75)


def _chorus(sound: np.ndarray) -> np.ndarray:
    time = np.arange(sound.shape[-1])
    late = time - RATE * (0.015 + 0.004 * np.sin(2 * np.pi * 0.8 * time / RATE))
    return 0.6 * sound + 0.4 * np.interp(late, time, sound[0], left=0)[None]


def _vibrato(sound: np.ndarray) -> np.ndarray:
    time = np.arange(sound.shape[-1])
    late = time - RATE * (0.006 + 0.004 * np.sin(2 * np.pi * 5 * time / RATE))
    return np.interp(late, time, sound[0], left=0)[None]


def hall(seconds: float = 1.5, seed: int = 7) -> np.ndarray:
    """Impulse response of a diffuse reverb after 20 ms, of unit energy."""
    generator = np.random.default_rng(seed)
    time = np.arange(int(seconds * RATE)) / RATE
    tail = generator.standard_normal(len(time)) * 10 ** (-3 * time / seconds)
    return np.r_[np.zeros(int(0.02 * RATE)), tail / np.sqrt((tail**2).sum())]


def _reverb(dry: float, wet: float) -> Callable:
    def apply(sound: np.ndarray) -> np.ndarray:
        return dry * sound + wet * signal.fftconvolve(sound[0], hall())[None, : sound.shape[-1]]

    return apply


def _echo(direct: float, echo: float, seconds: float) -> Callable:
    def apply(sound: np.ndarray) -> np.ndarray:
        late = np.zeros_like(sound)
        late[:, int(seconds * RATE) :] = sound[:, : -int(seconds * RATE)]
        return direct * sound + echo * late

    return apply


def _cabinet(sound: np.ndarray) -> np.ndarray:
    body = _filtered(2, [90, 5_000], "band")(sound)
    peak = signal.tf2sos(*signal.iirpeak(2_400, 3, fs=RATE))
    return body + 1.5 * signal.sosfilt(peak, body)


def _shifted_in_frequency(sound: np.ndarray) -> np.ndarray:
    """Shift all frequencies up by 70 Hz: nothing of the waveform remains."""
    turn = np.exp(2j * np.pi * 70 * np.arange(sound.shape[-1]) / RATE)
    return np.real(signal.hilbert(sound[0]) * turn)[None]


def _shifted_in_pitch(sound: np.ndarray) -> np.ndarray:
    """Read a delay line faster than it is written, by two heads that fade into one another."""
    time, grain, wet = np.arange(sound.shape[-1]), 0.05 * RATE, np.zeros(sound.shape[-1])
    for head in (0.0, 0.5):
        place = (time * 0.498 / grain + head) % 1.0
        heard = np.interp(time - grain * (1.0 - place), time, sound[0], left=0.0)
        wet += heard * np.sin(np.pi * place) ** 2
    return wet[None]


SHARP: dict[str, tuple[Callable, float]] = {
    "wire": (lambda sound: sound, 0.02),
    "overdrive": (lambda sound: np.tanh(4 * sound), 0.3),
    "fuzz": (lambda sound: np.clip(80 * sound, -0.5, 0.5), 0.3),
    "rectifier": (np.abs, 0.3),
    "lopsided fuzz": (lambda sound: np.where(sound > 0, np.tanh(8 * sound), 0.5 * sound), 1.5),
    "low-pass": (_filtered(2, 1_000, "low"), 1.0),
    "high-pass": (_filtered(2, 900, "high"), 0.3),
    "cabinet": (_cabinet, 1.0),
    "fuzz into cabinet": (lambda sound: _cabinet(np.tanh(20 * sound)), 1.0),
    "compressor": (_compressed, 0.3),
    "chorus": (_chorus, 0.3),
    "room": (_reverb(0.8, 0.4), 0.3),
    "louder echo": (_echo(0.3, 1.0, 0.4), 0.6),
    "tremolo": (lambda sound: sound * _swing(sound), 0.3),
}
"""Effects without latency of their own, and how exactly, in samples, they must be placed."""

BLURRED: dict[str, Callable] = {
    "reverb alone": _reverb(0.0, 1.0),
    "vibrato": _vibrato,
    "frequency": _shifted_in_frequency,
    "pitch": _shifted_in_pitch,
}
"""Effects without one constant first arrival."""


def _swing(sound: np.ndarray) -> np.ndarray:
    return 0.55 + 0.45 * np.sin(2 * np.pi * 5 * np.arange(sound.shape[-1]) / RATE)
