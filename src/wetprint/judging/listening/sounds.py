"""The sounds of a trial as bytes that tell nothing: alike in length and format, never the same.

Every copy gets a triangular dither of its own, one step of 16 bits wide to each side (Lipshitz,
Wannamaker and Vanderkooy 1992, JAES 40(5)), so that no two copies are equal byte by byte, X and its
twin among them. Whoever subtracts the decoded sounds can still tell: sound that is heard cannot be
hidden.
"""

from __future__ import annotations

import struct

import numpy as np
from scipy.signal import butter, sosfiltfilt

from wetprint.judging.listening.passages import ANCHOR, Passage
from wetprint.judging.listening.plan import REFERENCE

STEPS = 32767.0
ANCHOR_HZ, ANCHOR_ORDER = 3500.0, 8


def wav_bytes(audio: np.ndarray, sample_rate: int) -> bytes:
    """Return a 16-bit WAV file of sound, with dither drawn anew.

    Args:
        audio: ``(channels, time)``, within ±1.
        sample_rate: Hz.
    """
    generator = np.random.default_rng()
    dither = generator.random(audio.shape) - generator.random(audio.shape)
    steps = np.clip(np.round(audio * STEPS + dither), -STEPS - 1.0, STEPS).astype("<i2")
    data = np.ascontiguousarray(steps.T).tobytes()
    channels = len(audio)
    form = struct.pack(
        "<HHIIHH", 1, channels, sample_rate, 2 * channels * sample_rate, 2 * channels, 16
    )
    chunks = b"fmt " + struct.pack("<I", len(form)) + form
    chunks += b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def sound_of(passage: Passage, condition: str) -> np.ndarray:
    """Return what a condition of a trial sounds like: ``(channels, time)``.

    Args:
        passage: prepared.
        condition: dry, wet, a model's name, the anchor, or the hidden reference.
    """
    if condition == ANCHOR:
        return anchor(passage.wet, passage.sample_rate)
    return passage.wet if condition == REFERENCE else passage.sounds[condition]


def anchor(audio: np.ndarray, sample_rate: int) -> np.ndarray:
    """Return sound through the 3.5 kHz low-pass of MUSHRA's low anchor (ITU-R BS.1534-3, 5.1)."""
    edge = min(0.95, 2.0 * ANCHOR_HZ / sample_rate)
    low = butter(ANCHOR_ORDER // 2, edge, output="sos")
    return sosfiltfilt(low, audio, axis=-1).astype(np.float32)


def peaks(audio: np.ndarray, columns: int = 400) -> list[list[float]]:
    """Return the lowest and the highest sample of each of so many columns, for a picture."""
    from wetprint.judging.excerpts import extremes

    low, high = extremes(audio.mean(0), columns)
    return [[round(float(a), 3), round(float(b), 3)] for a, b in zip(low, high, strict=True)]
