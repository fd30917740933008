"""Lag is measured to the sample, against effects whose lag is known by construction."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from wetprint import audio
from wetprint.effects import Effect, Knob, measure_latency, open_effect
from wetprint.errors import EffectError
from wetprint.progress import Progress

SAMPLE_RATE = 48000


class Known(Effect):
    """An effect that is a function of the sound."""

    spec = "known"

    def __init__(self, play: Callable[[np.ndarray], np.ndarray]) -> None:
        self._play = play

    def knobs(self) -> tuple[Knob, ...]:
        return ()

    def _run(
        self, audio: np.ndarray, sample_rate: int, lead_samples: int, progress: Progress
    ) -> np.ndarray:
        return self._play(audio.astype(np.float64))


def late(sound: np.ndarray, samples: int) -> np.ndarray:
    return np.pad(sound, ((0, 0), (samples, 0)))[:, : sound.shape[1]]


@pytest.mark.parametrize("samples", [0, 1, 33, 339, 8192])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_pure_delay_is_found_to_the_sample(samples: int, sign: int) -> None:
    latency = measure_latency(Known(lambda sound: sign * 0.7 * late(sound, samples)))
    assert latency.samples == pytest.approx(samples, abs=0.01)
    assert (latency.peak_samples, latency.onset_samples) == (samples, samples)
    assert (latency.polarity, latency.confidence) == (sign, 1.0)
    assert latency.spread_samples < 0.01
    assert latency.seconds == pytest.approx(samples / SAMPLE_RATE, abs=1e-6)


def test_a_fraction_of_a_sample_is_found() -> None:
    """Delay of 20.25 by phase, as a recording through converters has it."""

    def play(sound: np.ndarray) -> np.ndarray:
        size = 2 * sound.shape[1]
        frequency = np.fft.rfftfreq(size)
        spectrum = np.fft.rfft(sound, size) * np.exp(-2j * np.pi * frequency * 20.25)
        return np.fft.irfft(spectrum, size)[:, : sound.shape[1]]

    assert measure_latency(Known(play)).samples == pytest.approx(20.25, abs=0.05)


@pytest.mark.parametrize("samples", [0, 33])
def test_distortion_hides_no_delay(samples: int) -> None:
    latency = measure_latency(Known(lambda sound: np.tanh(40 * late(sound, samples)) - 0.1))
    assert latency.samples == pytest.approx(samples, abs=0.01)


@pytest.mark.parametrize("cutoff_hz", [500, 4000])
def test_what_a_low_pass_delays_is_not_lag(cutoff_hz: float) -> None:
    """Two poles of y += a (x - y): the peak comes later, the pure delay is still 50."""
    from scipy.signal import lfilter

    a = 1 - np.exp(-2 * np.pi * cutoff_hz / SAMPLE_RATE)
    taps = [a * a], [1, -2 * (1 - a), (1 - a) ** 2]
    latency = measure_latency(Known(lambda sound: lfilter(*taps, late(sound, 50))))
    assert latency.samples == pytest.approx(50, abs=1.0)
    assert latency.peak_samples >= latency.samples
    assert latency.onset_samples == 50


def test_a_high_pass_turns_nothing_upside_down() -> None:
    """What follows its pulse is negative: y = x - low-pass(x)."""
    from scipy.signal import lfilter

    a = 1 - np.exp(-2 * np.pi * 3000 / SAMPLE_RATE)
    latency = measure_latency(Known(lambda sound: sound - lfilter([a], [1, a - 1], sound)))
    assert (latency.samples, latency.polarity) == (0.0, 1)


def test_the_direct_sound_counts_not_the_loudest_echo() -> None:
    def play(sound: np.ndarray) -> np.ndarray:
        return 0.3 * late(sound, 40) + late(sound, 12000) - 0.8 * late(sound, 20000)

    latency = measure_latency(Known(play))
    assert latency.samples == pytest.approx(40, abs=0.01)
    assert latency.polarity == 1


def test_a_modulated_delay_shows_in_the_spread() -> None:
    """Delays from 90 to 110 samples, once a second and a bit."""

    def play(sound: np.ndarray) -> np.ndarray:
        time = np.arange(sound.shape[1])
        delay = 100 + 10 * np.sin(2 * np.pi * 3.3 * time / SAMPLE_RATE)
        return np.interp(time - delay, time, sound[0])[None]

    latency = measure_latency(Known(play))
    assert 90 <= latency.samples <= 110
    assert 5 < latency.spread_samples <= 21
    assert latency.confidence < 1


def test_a_gate_that_opens_late_leaves_fewer_clicks() -> None:
    latency = measure_latency(Known(lambda s: np.where(np.abs(s) > 0.05, s, 0.0)))
    assert latency.samples == 0


def test_an_effect_that_never_answers_is_refused() -> None:
    with pytest.raises(EffectError, match="answers no click"):
        measure_latency(Known(lambda sound: 0 * sound))


def test_a_plugin_that_keeps_its_delay_to_itself(misbehaving: Callable[[str], str]) -> None:
    assert measure_latency(open_effect(misbehaving("late"))).samples == pytest.approx(100, abs=0.01)
    told = measure_latency(open_effect(misbehaving("reporting")))
    assert told.samples == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize("sample_rate", [44100, 96000])
def test_a_shifted_impulse_response(tmp_path: Path, sample_rate: int) -> None:
    response = np.zeros((1, 100), np.float32)
    response[0, 37] = -0.4
    audio.write(tmp_path / "ir.wav", response, sample_rate, "float32")
    latency = measure_latency(open_effect(f"ir:{tmp_path}/ir.wav"), sample_rate)
    assert latency.samples == pytest.approx(37, abs=0.01)
    assert latency.polarity == -1
