"""Test signals in closed form, against their formulas."""

import numpy as np
import pytest

from wetprint.signals import excitations
from wetprint.signals.excitations import exponential_sweep, linear_chirp, sweep_rate_s

RATE = 48000


def instantaneous_hz(phase: np.ndarray) -> np.ndarray:
    return np.diff(phase) * RATE / (2 * np.pi)


def test_the_sweep_runs_from_its_first_to_its_last_frequency():
    sweep, phase = exponential_sweep(20, 20000, 6.0, RATE)
    frequency_hz = instantaneous_hz(phase)
    assert frequency_hz[0] == pytest.approx(20, rel=1e-3)
    assert frequency_hz[-1] == pytest.approx(20000, rel=1e-3)
    assert sweep[0] == 0
    assert len(sweep) == round(0.85 * np.log(1000) * RATE)  # 5.87 s, the nearest to 6


def test_the_sweep_gives_each_octave_the_same_time():
    frequency_hz = instantaneous_hz(exponential_sweep(20, 20000, 6.0, RATE)[1])
    reached = np.searchsorted(frequency_hz, [100, 200, 400, 800, 1600])
    assert np.diff(reached) == pytest.approx(0.85 * np.log(2) * RATE, abs=2)


@pytest.mark.parametrize("order", [2, 3, 5])
def test_harmonics_of_the_sweep_are_the_sweep_itself_earlier(order):
    """Novak 2015: sin(N phase(t)) = sin(phase(t + L ln N)), which is what "synchronised" means."""
    rate_s = sweep_rate_s(20, 20000, 6.0)
    phase = exponential_sweep(20, 20000, 6.0, RATE)[1]
    times_s = np.arange(2000, 100_000, 997) / RATE
    later = 2 * np.pi * 20 * rate_s * np.expm1((times_s + rate_s * np.log(order)) / rate_s)
    here = np.interp(times_s, np.arange(len(phase)) / RATE, phase)
    np.testing.assert_allclose(np.sin(order * here), np.sin(later), atol=1e-6)


def test_the_sweep_refuses_frequencies_in_the_wrong_order():
    with pytest.raises(ValueError, match="0 < f_start_hz < f_stop_hz"):
        exponential_sweep(2000, 20, 1.0, RATE)


def test_the_chirp_covers_its_range_evenly():
    chirp = linear_chirp(1000, 9000, 0.5, RATE, edges=0.0)
    power = np.abs(np.fft.rfft(chirp)) ** 2
    frequency_hz = np.fft.rfftfreq(len(chirp), 1 / RATE)
    inside = power[(frequency_hz > 2000) & (frequency_hz < 8000)]
    thirds = [part.mean() for part in np.array_split(inside, 3)]
    assert thirds == pytest.approx([np.mean(thirds)] * 3, rel=0.02)
    assert power[(frequency_hz > 9500) | (frequency_hz < 500)].sum() < 0.005 * power.sum()


def test_a_chirp_train_repeats_to_the_sample():
    chirp = linear_chirp(50, 20000, 0.010, RATE)
    train = excitations.chirp_train(chirp, 1920, 5).reshape(5, 1920)
    np.testing.assert_array_equal(train, np.tile(train[0], (5, 1)))
    np.testing.assert_array_equal(train[0, :480], chirp)
    assert np.all(train[0, 480:] == 0)
    with pytest.raises(ValueError, match="does not fit"):
        excitations.chirp_train(chirp, 479, 2)


def test_level_steps_jump_on_zero_crossings_to_their_levels():
    steps = excitations.level_steps(200, [-20, 0, -6.0206], 0.1, RATE).reshape(3, 4800)
    assert np.abs(steps).max(axis=1) == pytest.approx([0.1, 1.0, 0.5], rel=1e-4)
    assert np.abs(steps[:, 0]).max() < 1e-12


def test_two_tones_have_their_ratio_and_never_pass_one():
    pair = excitations.two_tones(60, 5000, -12.0412, 1.0, RATE)
    spectrum = np.abs(np.fft.rfft(pair)) / (RATE / 2)
    assert spectrum[60] / spectrum[5000] == pytest.approx(4, rel=0.005)
    assert np.abs(pair).max() <= 1


@pytest.mark.parametrize(("colour", "slope_db"), [("white", 0), ("pink", -3.01), ("brown", -6.02)])
def test_noise_has_its_slope(colour, slope_db):
    """Power per Hz falls by so many dB an octave; here over four octaves from 500 Hz."""
    power = np.abs(np.fft.rfft(excitations.noise(colour, 4.0, RATE, seed=0))) ** 2
    density = [power[4 * low : 5 * low].mean() for low in (500, 8000)]
    assert 10 * np.log10(density[1] / density[0]) / 4 == pytest.approx(slope_db, abs=0.4)


def test_a_marker_clicks_upwards_and_then_chirps():
    marker = excitations.marker(0.1, 0.4, 0.1, 100, 5000, 1.5, RATE)
    click = marker[: round(0.3 * RATE)]
    assert click.min() == 0
    assert click.max() == pytest.approx(1, abs=0.05)
    assert np.flatnonzero(click)[0] == pytest.approx(0.1 * RATE, abs=1)
    assert np.all(marker[round(0.5 * RATE) :] == 0)


def test_edges_begin_and_end_in_silence_and_leave_the_middle_alone():
    faded = excitations.with_edges(np.ones(1000), 0.1, 1000)
    assert faded[0] == 0
    assert faded[-1] == pytest.approx(0, abs=1e-12)
    np.testing.assert_array_equal(faded[100:900], 1.0)
    assert np.all(np.diff(faded[:100]) > 0)
