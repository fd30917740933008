"""A gain that follows an LFO, with and without distortion, found from a known truth."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.signal import butter, lfilter, sosfilt

from wetprint.blocks.amplitude_modulation import AmplitudeModulation
from wetprint.learning.material import Material, Take, validation_esr
from wetprint.learning.moved import solve_tremolo
from wetprint.models.parallel import Parallel

RATE = 8000
PERIOD = 1602.5


def playing(seconds: float, seed: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    samples = int(seconds * RATE)
    envelope = np.exp(-(np.arange(samples) % 3000) / 700) * generator.uniform(0.2, 0.8)
    return (generator.standard_normal((1, samples)) * 0.4 * envelope).astype(np.float32)


def swell(samples: int, start: int, side: float = 1.0) -> np.ndarray:
    turn = 2.0 * np.pi * (start + np.arange(samples)) / PERIOD
    return 1.0 + side * 0.5 * np.sin(turn) + 0.2 * np.cos(2.0 * turn)


def material(effect, seconds: float) -> Material:
    """Return takes that begin at different times; ``effect(dry, start_sample)``."""
    takes = [
        Take(dry, effect(dry, start).astype(np.float32), start_sample=start)
        for dry, start in ((playing(seconds, 0), 0), (playing(3, 1), 77_777))
    ]
    return Material((takes[0],), (takes[1],), RATE)


def error_of(chain, heard: Material) -> float:
    """Judge it as a block, which is told where a take lies in time."""
    left, energy = 0.0, 0.0
    for take in heard.validation:
        with torch.no_grad():
            played = chain(torch.from_numpy(take.dry)[None], take.start_sample)[0].numpy()
        left += float(np.square(played - take.wet, dtype=np.float64).sum())
        energy += float(np.square(take.wet, dtype=np.float64).sum())
    return left / energy


def test_a_panning_gain_between_filters_is_found_on_both_sides():
    def effect(dry, start):
        before = lfilter(*butter(1, 0.5), dry)
        sides = [before * swell(dry.shape[-1], start, side) for side in (1.0, -1.0)]
        return lfilter(*butter(1, 0.7), np.concatenate(sides))

    heard = material(effect, 4.0)
    chain = solve_tremolo(heard, PERIOD)
    assert chain is not None
    assert (chain.channels_in, chain.channels_out) == (1, 2)
    assert error_of(chain, heard) < 1e-5


def test_a_tube_before_the_gain_is_found():
    def effect(dry, start):
        before = lfilter(*butter(1, 0.5), dry)
        bent = np.tanh(4.0 * before + 0.4) - np.tanh(0.4)
        return lfilter(*butter(1, 0.7), bent * swell(dry.shape[-1], start))

    heard = material(effect, 6.0)
    chain = solve_tremolo(heard, PERIOD * 1.0005)  # found and brought closer
    assert chain is not None
    assert error_of(chain, heard) < 1e-3
    (gain,) = [each for each in chain if isinstance(each, AmplitudeModulation)]
    assert gain.config.period_samples == pytest.approx(PERIOD, rel=1e-4)


def test_bands_that_distort_apart_are_found_from_other_crossovers():
    def effect(dry, start):
        low = sosfilt(butter(3, 0.15, output="sos"), dry)
        high = sosfilt(butter(3, 0.15, "high", output="sos"), dry)
        return sum(np.tanh(6.0 * each) for each in (low, high)) * swell(dry.shape[-1], start)

    heard = material(effect, 10.0)
    chain = solve_tremolo(heard, PERIOD)
    assert chain is not None
    assert error_of(chain, heard) < 3e-3
    (bands,) = [each for each in chain if isinstance(each, Parallel)]
    assert all(any(isinstance(b, AmplitudeModulation) for b in branch) for branch in bands)


@pytest.mark.parametrize("bend", [0.5, 4.0])
def test_what_stands_still_is_left_to_others(bend):
    heard = material(lambda dry, start: lfilter(*butter(2, 0.4), np.tanh(bend * dry)), 4.0)
    assert solve_tremolo(heard, PERIOD) is None


def test_a_search_that_is_stopped_returns_what_it_found():
    heard = material(lambda dry, start: dry * swell(dry.shape[-1], start), 4.0)
    chain = solve_tremolo(heard, PERIOD, stop=lambda: True)
    assert chain is None or validation_esr(chain, heard, torch.device("cpu")) < 1.0
