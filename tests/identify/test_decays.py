"""The responses that circuits are made of."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import bilinear, butter, freqz, lfilter

from wetprint.identify.decays import decays

RATE = 48_000


def impulse(taps: int) -> np.ndarray:
    return np.eye(1, taps)[0]


def test_decays_are_orthonormal():
    responses = decays(RATE)[1:]
    np.testing.assert_allclose(responses @ responses.T, np.eye(len(responses)), atol=5e-3)


TONE_STACK = bilinear([2.2e-5, 1.0], [3.1e-8, 4.5e-4, 1.0], RATE)
"""Two capacitors and three resistors."""


@pytest.mark.parametrize(
    "circuit",
    [butter(1, 723.0, "high", fs=RATE), butter(1, 5_000.0, fs=RATE), TONE_STACK],
    ids=["high-pass", "low-pass", "tone stack"],
)
def test_a_circuit_that_was_heard_at_a_few_partials_is_known_between_and_beyond_them(circuit):
    responses = decays(RATE)
    heard_hz = np.concatenate([98.0 * np.arange(1, 60), 311.0 * np.arange(1, 40)])
    taps = responses.shape[1]
    heard = np.exp(-2j * np.pi * np.outer(heard_hz, np.arange(taps)) / RATE) @ responses.T
    wanted = freqz(*circuit, worN=heard_hz, fs=RATE)[1]
    stacked = np.concatenate([heard.real, heard.imag]), np.concatenate([wanted.real, wanted.imag])
    shares = np.linalg.lstsq(*stacked, rcond=None)[0]
    expected = lfilter(*circuit, impulse(taps))
    error = np.square(shares @ responses - expected).sum() / np.square(expected).sum()
    assert error < 1e-3
