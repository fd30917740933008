"""A delay that fades between lengths, behind a curve, found from a known truth."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.signal import butter, lfilter

from wetprint.blocks.crossfaded_delay import CrossfadedDelay, CrossfadedDelayConfig
from wetprint.blocks.modulated_delay import sampled_trajectory
from wetprint.blocks.periodic import interpolating
from wetprint.learning import banded, crossfaded
from wetprint.learning.crossfaded import solve_crossfaded
from wetprint.learning.material import Material, Take, validation_esr

RATE, FADE, PERIOD = 16_000, 1601.0, 9_011.0
CPU = torch.device("cpu")


def line() -> CrossfadedDelay:
    config = CrossfadedDelayConfig(PERIOD, FADE, 400.0, most_delay_samples=60)
    block = CrossfadedDelay(config)
    curve = interpolating(sampled_trajectory(np.array([30.0, 20.0, 0.0]), config.knots))
    block.trajectory.data[0] = torch.from_numpy(curve)
    return block.requires_grad_(False)


LINE = line()


def wobble(dry: np.ndarray) -> np.ndarray:
    bent = np.tanh(2.0 * lfilter(*butter(1, 0.5), dry))
    heard = LINE(torch.from_numpy(bent)[None])[0].numpy()
    return lfilter(*butter(1, 0.7), heard).astype(np.float32)


def tape(dry: np.ndarray) -> np.ndarray:
    """Two bands, each through tubes of its own before and behind the delay."""
    low = lfilter(*butter(1, 800.0, fs=RATE), dry)
    total = 0.0
    for band, drive in ((low, 4.0), (dry - low, 1.5)):
        bent = np.tanh(drive * band + 0.2) - np.tanh(0.2)
        heard = LINE(torch.from_numpy(bent)[None])[0].numpy()
        total = total + np.tanh(1.5 * lfilter(*butter(1, 60.0, "high", fs=RATE), heard))
    return total.astype(np.float32)


def playing(seconds: float, seed: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    samples = int(seconds * RATE)
    envelope = np.exp(-(np.arange(samples) % 6000) / 1500) * 0.4
    return (generator.standard_normal((1, samples)) * envelope).astype(np.float32)


def material(effect) -> Material:
    takes = [Take(dry, effect(dry)) for dry in (playing(12.0, 0), playing(3.0, 1))]
    return Material((takes[0],), (takes[1],), RATE, drive=effect)


@pytest.fixture
def briefly(monkeypatch):
    monkeypatch.setattr(crossfaded, "CHIRPS", 400)
    monkeypatch.setattr(crossfaded, "LONG_SECONDS", 60.0)


@pytest.mark.usefixtures("briefly")
def test_a_fading_delay_behind_a_curve_is_found():
    heard = material(wobble)
    chain = solve_crossfaded(heard)
    assert chain is not None
    assert validation_esr(chain, heard, CPU) < 0.001


@pytest.mark.usefixtures("briefly")
def test_bands_that_are_bent_apart_are_found(monkeypatch):
    monkeypatch.setattr(banded, "FIRST_STEPS", 12)
    monkeypatch.setattr(banded, "FINER", (32,))
    monkeypatch.setattr(banded, "HEARD_SECONDS", 6.0)
    heard = material(tape)
    chain = solve_crossfaded(heard)
    assert chain is not None
    assert validation_esr(chain, heard, CPU) < 0.005  # 0.018 is left by one curve


@pytest.mark.usefixtures("briefly")
def test_what_stands_still_is_left_to_others():
    assert solve_crossfaded(material(lambda dry: np.tanh(3.0 * dry))) is None


def test_recordings_cannot_be_asked():
    dry = playing(1.0, 0)
    assert solve_crossfaded(Material((Take(dry, dry),), (Take(dry, dry),), RATE)) is None
