"""Every measure at values derived by hand, for the perfect case and for silence."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from wetprint.errors import PairError
from wetprint.identify import spectra
from wetprint.judging import metrics

RATE = 48000


def silence_like(audio: np.ndarray) -> np.ndarray:
    return np.zeros_like(audio)


def gain(decibels: float) -> np.float32:
    return np.float32(10.0 ** (decibels / 20.0))


def sound(*samples: float) -> np.ndarray:
    return np.array([samples], dtype=np.float32)


class TestEsr:
    def test_is_energy_of_the_error_over_energy_of_the_target(self):
        assert metrics.esr(sound(1, 2, 1), sound(1, 2, 2)) == pytest.approx(1 / 9)
        assert metrics.esr_db(sound(0.9), sound(1)) == pytest.approx(-20.0, abs=1e-5)

    def test_known_cases(self, noise):
        target = noise()
        assert metrics.esr(target, target) == 0.0
        assert metrics.esr_db(target, target) == -math.inf
        assert metrics.esr(silence_like(target), target) == 1.0
        assert metrics.esr(-target, target) == 4.0

    def test_prediction_comes_first(self):
        assert metrics.esr(sound(2), sound(1)) == 1.0
        assert metrics.esr(sound(1), sound(2)) == 0.25

    def test_silent_target(self):
        assert metrics.esr(sound(0, 0), sound(0, 0)) == 0.0
        assert metrics.esr(sound(0, 1e-6), sound(0, 0)) == math.inf

    def test_long_sounds_are_summed_as_short_ones(self, noise, monkeypatch):
        target, prediction = noise(2, seed=1), noise(2, seed=2)
        whole = metrics.esr(prediction, target)
        monkeypatch.setattr(metrics, "ENERGY_CHUNK_SAMPLES", 1000)
        assert metrics.esr(prediction, target) == pytest.approx(whole, rel=1e-12)

    def test_resolves_what_24_bits_resolve(self, noise):
        target = noise()
        step = np.float32(2.0**-23)
        rounded = np.round(target / step).astype(np.float32) * step
        expected = np.float64(step) ** 2 / 12 / 0.01  # uniform rounding error over signal power
        assert metrics.esr(rounded, target) == pytest.approx(expected, rel=0.1)


class TestMrStft:
    def test_of_a_scaled_sound_follows_from_the_scale(self, noise):
        # |1 - g| of spectral convergence and |ln g| of log magnitude, in every bin alike.
        target = noise()
        expected = 0.5 + math.log(2.0)
        assert metrics.mr_stft(np.float32(0.5) * target, target) == pytest.approx(expected, 1e-4)
        expected = 1.0 + math.log(2.0)
        assert metrics.mr_stft(np.float32(2.0) * target, target) == pytest.approx(expected, 1e-4)

    def test_perfect_silent_and_inverted(self, noise):
        target = noise()
        assert metrics.mr_stft(target, target) == 0.0
        assert metrics.mr_stft(-target, target) == 0.0
        assert metrics.mr_stft(silence_like(target), silence_like(target)) == 0.0
        assert metrics.mr_stft(silence_like(target), target) > 5.0
        assert math.isfinite(metrics.mr_stft(target, silence_like(target)))

    def test_does_not_depend_on_how_it_is_cut(self, noise, monkeypatch):
        target, prediction = noise(2, seed=1), noise(2, seed=2)
        whole = metrics.mr_stft(prediction, target)
        monkeypatch.setattr(spectra, "CHUNK_SAMPLES", 5000)
        assert metrics.mr_stft(prediction, target) == pytest.approx(whole, rel=1e-6)

    def test_takes_a_single_sample(self):
        assert math.isfinite(metrics.mr_stft(sound(0.5), sound(1.0)))


class TestMelDistance:
    def test_of_a_scaled_sound_is_the_scale_in_db(self, noise):
        target = noise()
        assert metrics.mel_distance(gain(-7) * target, target, RATE) == pytest.approx(7, abs=1e-3)

    def test_perfect_and_silent(self, noise):
        target = noise()
        silence = silence_like(target)
        assert metrics.mel_distance(target, target, RATE) == 0.0
        assert metrics.mel_distance(silence, silence, RATE) == 0.0
        assert 50.0 < metrics.mel_distance(silence, target, RATE) < spectra.MEL_RANGE_DB
        assert math.isfinite(metrics.mel_distance(target, silence, RATE))

    def test_differences_below_the_range_do_not_count(self, noise):
        # Two quiet halves, 90 and 110 dB below the loud one, are the same to the measure.
        loud = noise(seconds=0.3)
        target = np.concatenate([loud, gain(-110) * loud], axis=1)
        prediction = np.concatenate([loud, gain(-90) * loud], axis=1)
        # Unlimited it would be 10 dB; what is left comes from frames that straddle the halves.
        assert metrics.mel_distance(prediction, target, RATE) < 0.001


class TestGainEnvelopeError:
    def test_constant_offsets(self, noise):
        target = noise()
        found = metrics.gain_envelope_error(gain(0.2) * target, target, target, RATE)
        assert found.mean_absolute_db == pytest.approx(0.2, abs=1e-4)
        assert found.share_within == 1.0
        found = metrics.gain_envelope_error(gain(-0.3) * target, target, target, RATE)
        assert found.mean_absolute_db == pytest.approx(0.3, abs=1e-4)
        assert found.share_within == 0.0

    def test_a_quarter_of_the_time(self, noise):
        target = noise(seconds=1.0)
        turned = target.copy()
        turned[:, : RATE // 4] *= gain(2)
        found = metrics.gain_envelope_error(turned, target, target, RATE)
        assert found.share_within == pytest.approx(0.75, abs=0.01)
        assert found.mean_absolute_db == pytest.approx(0.5, abs=0.03)

    def test_looks_only_where_the_dry_signal_plays(self, noise):
        target = noise(seconds=1.0)
        dry, prediction = target.copy(), target.copy()
        dry[:, RATE // 2 :] *= gain(-60)
        prediction[:, RATE // 2 + 960 :] = 0.0  # one window later, so that none straddles the edge
        found = metrics.gain_envelope_error(prediction, target, dry, RATE)
        assert found == metrics.GainEnvelopeError(0.0, 1.0)

    def test_silence(self, noise):
        target = noise()
        silence = silence_like(target)
        nothing = metrics.gain_envelope_error(target, target, silence, RATE)
        assert math.isnan(nothing.mean_absolute_db)
        assert math.isnan(nothing.share_within)
        muted = metrics.gain_envelope_error(silence, target, target, RATE)
        assert 55.0 < muted.mean_absolute_db <= metrics.GAIN_RANGE_DB
        both = metrics.gain_envelope_error(silence, silence, target, RATE)
        assert both == metrics.GainEnvelopeError(0.0, 1.0)


class TestLoudness:
    def test_of_the_standard_tone(self, sine):
        # BS.1770-4: a 997 Hz sine at 0 dBFS in one channel reads -3.01 LKFS.
        assert metrics.loudness(sine(997.0), RATE) == pytest.approx(-3.01, abs=0.06)

    def test_difference_is_signed_and_in_lu(self, noise):
        target = noise(seconds=1.0)
        louder = metrics.loudness_difference(gain(3) * target, target, RATE)
        assert louder == pytest.approx(3.0, abs=1e-3)
        quieter = metrics.loudness_difference(gain(-3) * target, target, RATE)
        assert quieter == pytest.approx(-3.0, abs=1e-3)

    def test_sounds_shorter_than_a_block(self, noise):
        target = noise(seconds=0.05)
        assert metrics.loudness_difference(gain(6) * target, target, RATE) == pytest.approx(6.0)

    def test_perfect_and_silent(self, noise):
        target = noise(seconds=1.0)
        silence = silence_like(target)
        assert metrics.loudness_difference(target, target, RATE) == 0.0
        assert metrics.loudness(silence, RATE) == metrics.LOUDNESS_GATE_LUFS
        assert metrics.loudness_difference(silence, silence, RATE) == 0.0
        assert metrics.loudness_difference(silence, target, RATE) < -40.0

    def test_more_than_five_channels_are_refused(self, noise):
        with pytest.raises(PairError, match="one to five channels, but there are 6"):
            metrics.loudness(noise(6), RATE)


@pytest.mark.parametrize(
    ("prediction", "target", "words"),
    [
        (np.zeros((1, 8), np.float32), np.zeros((2, 8), np.float32), "1 channel, .* 2 channels"),
        (np.zeros((1, 7), np.float32), np.zeros((1, 8), np.float32), "7 samples long, .* 8"),
        (np.zeros(8, np.float32), np.zeros(8, np.float32), "prediction must be .*channel, time"),
        (np.zeros((1, 8), np.float32), np.zeros((1, 8), np.int16), "target must be .* int16"),
        (np.zeros((1, 0), np.float32), np.zeros((1, 0), np.float32), "prediction holds no sound"),
        (np.full((1, 8), np.nan, np.float32), np.zeros((1, 8), np.float32), "prediction holds .*N"),
        (np.zeros((1, 8), np.float32), np.full((1, 8), np.inf, np.float32), "target holds .*infin"),
    ],
    ids=["channels", "lengths", "axes", "integers", "empty", "nan", "infinite"],
)
def test_what_cannot_be_compared_is_refused(prediction, target, words):
    for measure in (metrics.esr, metrics.mr_stft):
        with pytest.raises(PairError, match=words):
            measure(prediction, target)
    for measure in (metrics.mel_distance, metrics.loudness_difference):
        with pytest.raises(PairError, match=words):
            measure(prediction, target, RATE)
    with pytest.raises(PairError, match=words):
        metrics.gain_envelope_error(prediction, target, target, RATE)


def test_the_dry_signal_must_fit_too(noise):
    with pytest.raises(PairError, match="channels"):
        metrics.gain_envelope_error(noise(2), noise(2), noise(1), RATE)


def test_all_at_once_equals_each_alone(noise):
    prediction, target, dry = (noise(2, seed=seed) for seed in range(3))
    scores = metrics.evaluate(prediction, target, dry, RATE)
    gains = metrics.gain_envelope_error(prediction, target, dry, RATE)
    assert scores == metrics.Scores(
        esr=metrics.esr(prediction, target),
        mr_stft=metrics.mr_stft(prediction, target),
        mel_distance_db=metrics.mel_distance(prediction, target, RATE),
        gain_error_db=gains.mean_absolute_db,
        gain_within_quarter_db=gains.share_within,
        loudness_difference_lu=metrics.loudness_difference(prediction, target, RATE),
    )


def test_scores_become_numbers_or_null():
    scores = metrics.Scores(0.0, 0.5, 1.5, math.nan, math.nan, -2.0)
    assert json.loads(json.dumps(scores.to_json(), allow_nan=False)) == {
        "esr": 0.0,
        "esr_db": None,
        "mr_stft": 0.5,
        "mel_distance_db": 1.5,
        "gain_error_db": None,
        "gain_within_quarter_db": None,
        "loudness_difference_lu": -2.0,
    }
