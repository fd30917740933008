"""An LFO that turns less than twice in what was recorded is known by what is solved with it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from wetprint.identify.lfo import find_lfo_in_playing, find_slow_lfos
from wetprint.identify.moving_taps import MovingTap
from wetprint.identify.snapshots import snapshots_of_playing
from wetprint.learning.linear import never, solve_linear_model
from wetprint.learning.material import Material, Take
from wetprint.learning.modulated import MovingDelays
from wetprint.learning.moving import moving_chain, recordings_of
from wetprint.learning.slow_motion import solve_slow
from wetprint.signals import playing

RATE = 8_000
SECONDS, TURN_SECONDS = 7.0, 4.1


def flanger(dry: np.ndarray) -> np.ndarray:
    """A triangle, turning once in four seconds, with feedback; the dry signal beside it."""
    triangle = [16.0, 6.0, 2.0, 0.0, 0.0, 0.7, 0.25]
    colours = np.zeros((1, 2, 1))
    colours[0, :, 0] = [0.7, 0.6]
    tap = MovingTap(np.array(triangle), 1.0, 0.4)
    chain = moving_chain(MovingDelays(TURN_SECONDS * RATE, (tap,), "linear", colours))
    with torch.inference_mode():
        return chain(torch.from_numpy(dry)[None])[0].numpy()


def distortion(dry: np.ndarray) -> np.ndarray:
    return np.tanh(6.0 * dry)


def recorded(effect) -> Material:
    """The beginning of a recording, and what comes behind it."""
    dry = playing(SECONDS + 1.5, 5, RATE)
    dry += 0.003 * np.random.default_rng(1).standard_normal(dry.shape).astype(np.float32)
    wet, cut = effect(dry), int(SECONDS * RATE)
    kept = Take(dry[:, cut:], wet[:, cut:], RATE // 2, start_sample=cut)
    return Material((Take(dry[:, :cut], wet[:, :cut]),), (kept,), RATE, None)


def test_a_slow_flanger_is_solved_with_its_rate():
    material = recorded(flanger)
    train = snapshots_of_playing(recordings_of(material), RATE)
    assert find_lfo_in_playing(train) is None
    assert find_slow_lfos(train)
    still = solve_linear_model(material, 256).error
    found = solve_slow(material, still, never)
    assert found is not None
    turn = found.motion.lfo.period_samples / RATE
    assert turn == pytest.approx(TURN_SECONDS, rel=0.01)
    assert found.error < 0.02 * still


def test_a_distortion_has_no_slow_motion():
    material = recorded(distortion)
    assert solve_slow(material, solve_linear_model(material, 256).error, never) is None
