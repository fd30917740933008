"""Generated sound, and effects whose truth is known, for the tests of learning."""

from __future__ import annotations

import math

import numpy as np
import torch
from scipy.signal import butter, lfilter

from wetprint.learning.material import (
    Material,
    Take,
)
from wetprint.pairs import Pair

RATE = 8000
CPU = torch.device("cpu")


def playing(seconds: float, seed: int) -> np.ndarray:
    """Noise bursts that decay: broadband, with quiet and loud places."""
    generator = np.random.default_rng(seed)
    samples = int(seconds * RATE)
    envelope = np.exp(-(np.arange(samples) % 2000) / 500) * 0.5
    return (generator.standard_normal((1, samples)) * envelope).astype(np.float32)


def cabinet(audio: np.ndarray) -> np.ndarray:
    return lfilter(*butter(2, [0.05, 0.5], "band"), audio).astype(np.float32)


def overdrive(audio: np.ndarray) -> np.ndarray:
    return cabinet(np.tanh(4 * audio + 0.3) - math.tanh(0.3)).astype(np.float32)


def sagging(audio: np.ndarray) -> np.ndarray:
    """An overdrive that gives way under load, which no static curve does."""
    load = lfilter([0.01], [1.0, -0.99], np.abs(audio))
    return overdrive(audio / (1.0 + 6.0 * load))


def material(effect, repeatability=None) -> Material:
    dry, kept = playing(6, 0), playing(2, 1)
    return Material((Take(dry, effect(dry)),), (Take(kept, effect(kept)),), RATE, repeatability)


def pair(effect, seconds=8.0) -> Pair:
    dry = playing(seconds, 2)
    return Pair(name="generated", dry=dry, wet=effect(dry), sample_rate=RATE)
