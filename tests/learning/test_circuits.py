"""Circuits and a curve are found from a few notes, and play notes that were never heard."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import butter, lfilter

from wetprint.learning.blended import Blend
from wetprint.learning.circuits import CircuitSearch
from wetprint.learning.linear import never
from wetprint.learning.material import Material, Take, takes_esr
from wetprint.learning.shaped import ShapedModel

RATE = 8000
HEARD_HZ, UNHEARD_HZ = (110.0, 247.0, 330.0), (65.0, 185.0)


def note(hz: float) -> np.ndarray:
    """Return two seconds of a plucked note, ``(1, time)``."""
    time = np.arange(2 * RATE) / RATE
    partials = sum(np.sin(2.0 * np.pi * hz * k * time + k) / k for k in range(1, 8))
    return (0.3 * partials * np.exp(-3.0 * time))[None].astype(np.float32)


def driven(dry: np.ndarray) -> np.ndarray:
    """Coupling capacitor, curve, tone control."""
    coupled = lfilter(*butter(1, 150.0, "high", fs=RATE), dry)
    bent = np.tanh(4.0 * coupled + 0.4) - np.tanh(0.4)
    return lfilter(*butter(1, 1500.0, fs=RATE), bent).astype(np.float32)


def late(dry: np.ndarray) -> np.ndarray:
    return np.pad(driven(dry), ((0, 0), (31, 0)))[:, : dry.shape[-1]]


def beside_clean(dry: np.ndarray) -> np.ndarray:
    return 0.5 * dry + driven(4.0 * dry)


def found(effect, peak_samples: int = 0, may_stand_alone: bool = True) -> Blend | None:
    takes = tuple(Take(note(hz), effect(note(hz))) for hz in HEARD_HZ)
    search = CircuitSearch(Material(takes, takes, RATE), 0, peak_samples, never, lambda error: None)
    return search.solve(may_stand_alone, may_blend=True)


def error_on_others(blend: Blend, effect) -> float:
    beside = None if blend.beside is None else blend.beside[None]
    takes = tuple(Take(note(hz), effect(note(hz))) for hz in UNHEARD_HZ)
    return takes_esr(takes, ShapedModel(blend.cascade, None, np.inf, beside).play)


@pytest.mark.parametrize(("effect", "peak_samples"), [(driven, 0), (late, 31)])
def test_notes_that_were_not_heard_are_played(effect, peak_samples):
    blend = found(effect, peak_samples)
    assert blend is not None
    assert blend.beside is None
    assert error_on_others(blend, effect) < 0.005


def test_a_clean_path_is_found_beside_the_curve():
    blend = found(beside_clean)
    assert blend is not None
    assert blend.beside is not None
    assert error_on_others(blend, beside_clean) < 0.005


def test_nothing_is_put_beside_a_curve_that_needs_nothing():
    assert found(driven, may_stand_alone=False) is None
