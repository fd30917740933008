"""A gain that turns at an audio rate, found from a known truth, and never where there is none."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.signal import butter, lfilter

from wetprint.blocks.amplitude_modulation import AmplitudeModulation
from wetprint.identify.carrier import find_carrier
from wetprint.identify.recording import Recording
from wetprint.learning.material import Material, Take, validation_esr
from wetprint.learning.ring_modulator import solve_ring_modulator
from wetprint.signals import playing

RATE = 16_000
PERIOD = 73.613


def ring(dry: np.ndarray, start: int, mean: float = 0.0) -> np.ndarray:
    turn = 2.0 * np.pi * (start + np.arange(dry.shape[-1])) / PERIOD
    gain = mean + np.sin(turn) + 0.2 * np.cos(3.0 * turn)
    return lfilter(*butter(1, 0.3), lfilter(*butter(1, 0.6), dry) * gain)


def material(effect) -> Material:
    takes = [
        Take(dry, effect(dry, start).astype(np.float32), start_sample=start)
        for dry, start in ((playing(12, 0, RATE), 0), (playing(4, 1, RATE), 200_000))
    ]
    return Material((takes[0],), (takes[1],), RATE)


@pytest.mark.parametrize("mean", [0.0, 0.7])
def test_a_carrier_between_filters_is_found_and_keeps_its_phase(mean):
    heard = material(lambda dry, start: ring(dry, start, mean))
    chain = solve_ring_modulator(heard)
    assert chain is not None
    (block,) = [each for each in chain.modules() if isinstance(each, AmplitudeModulation)]
    assert abs(block.config.period_samples / PERIOD - 1.0) < 1e-6
    assert validation_esr(chain, heard, torch.device("cpu")) < 1e-4


def test_a_side_that_is_silent_does_not_carry_the_rate_away():
    def effect(dry, start):
        return np.concatenate([np.zeros_like(dry), ring(dry, start)])

    heard = material(effect)
    chain = solve_ring_modulator(heard)
    assert chain is not None
    assert validation_esr(chain, heard, torch.device("cpu")) < 1e-4


def test_distorted_notes_show_no_carrier():
    dry = playing(12, 0, RATE)
    assert find_carrier([Recording(dry, np.tanh(20.0 * dry))], RATE) is None


def test_one_note_after_the_other_shows_no_carrier():
    time = np.arange(4 * RATE) / RATE
    notes = [np.sin(2.0 * np.pi * each * time) for each in (220.0, 311.1)]
    dry = np.concatenate(notes)[None].astype(np.float32)
    assert find_carrier([Recording(dry, np.tanh(3.0 * dry))], RATE) is None


def test_a_filter_shows_no_carrier():
    dry = playing(12, 0, RATE)
    assert find_carrier([Recording(dry, lfilter(*butter(2, 0.2), dry))], RATE) is None


def test_silence_shows_no_carrier():
    silence = np.zeros((1, RATE), np.float32)
    assert find_carrier([Recording(silence, silence)], RATE) is None
