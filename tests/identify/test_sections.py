"""Filters of known order are found again from their impulse responses, and rooms are not."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import butter, cheby1, iirpeak, sosfilt, tf2sos

from wetprint.identify.sections import find_sections

RATE = 48_000
TAPS = 4096


def response_of(sections: np.ndarray) -> np.ndarray:
    return sosfilt(sections, np.eye(1, TAPS)[0])


@pytest.mark.parametrize(
    ("sections", "count"),
    [
        (butter(1, 500, output="sos", fs=RATE), 1),
        (butter(2, 30, "highpass", output="sos", fs=RATE), 1),
        (tf2sos(*iirpeak(200, 8, fs=RATE)), 1),
        (butter(4, [300, 3000], "bandpass", output="sos", fs=RATE), 4),
        (cheby1(6, 3, 1000, output="sos", fs=RATE), 4),
    ],
    ids=["first order", "30 Hz", "resonance", "band-pass", "ripples, zeros in one place"],
)
def test_a_filter_of_low_order_is_found(sections, count):
    response = response_of(sections)
    found = find_sections(response, [1e-12])
    assert len(found) <= count
    left = response_of(found) - response
    assert np.square(left).sum() < 1e-12 * np.square(response).sum()


def test_a_response_that_is_known_to_some_hundredth_is_told_as_well_as_it_is_known():
    generator = np.random.default_rng(3)
    response = response_of(butter(2, 700, output="sos", fs=RATE))
    known = response + 1e-6 * generator.standard_normal(TAPS)
    assert find_sections(known, [1e-12]) is None
    found = find_sections(known, [1e-12, 1e-6])
    assert len(found) == 1
    assert np.square(response_of(found) - response).sum() < 1e-6 * np.square(response).sum()


def test_what_dies_away_in_noise_is_no_filter_of_low_order():
    generator = np.random.default_rng(1)
    room = generator.standard_normal(TAPS) * np.exp(-np.arange(TAPS) / 500.0)
    assert find_sections(room, [1e-12, 1e-9]) is None


@pytest.mark.parametrize("response", [np.zeros(100), np.eye(1, 3)[0]])
def test_nothing_and_a_wire_are_no_sections(response):
    assert find_sections(response, [1e-9]) is None
