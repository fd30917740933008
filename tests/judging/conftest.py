"""Sounds that every test of judging is made of: short, generated, and with known levels."""

from __future__ import annotations

import numpy as np
import pytest

RATE = 48000


@pytest.fixture
def noise():
    """Return a maker of white noise with an RMS of 0.1, another one for every seed."""

    def make(channels: int = 1, seconds: float = 0.5, seed: int = 0) -> np.ndarray:
        generator = np.random.default_rng(seed)
        shape = (channels, round(seconds * RATE))
        return (0.1 * generator.standard_normal(shape)).astype(np.float32)

    return make


@pytest.fixture
def sine():
    """Return a maker of sines of one channel."""

    def make(frequency_hz: float, seconds: float = 1.0, amplitude: float = 1.0) -> np.ndarray:
        time = np.arange(round(seconds * RATE)) / RATE
        return (amplitude * np.sin(2 * np.pi * frequency_hz * time)).astype(np.float32)[None, :]

    return make
