"""What is listened to is equally loud and long, and what cannot be listened to is refused."""

from __future__ import annotations

import dataclasses

import numpy as np
import pyloudnorm
import pytest

from tests.judging.listening.serving import RATE, passage
from wetprint.errors import ListeningError
from wetprint.judging.listening.passages import joined, prepared
from wetprint.judging.listening.sounds import anchor


def test_everything_is_as_long_and_as_loud_as_the_wet_sound():
    ready = prepared(passage(models=("ours", "theirs")), 2.0)
    assert {each.shape for each in ready.sounds.values()} == {(1, 2 * RATE)}
    meter = pyloudnorm.Meter(RATE)
    loud = [meter.integrated_loudness(each[0]) for each in ready.sounds.values()]
    np.testing.assert_allclose(loud, loud[0], atol=0.01)
    assert max(np.abs(each).max() for each in ready.sounds.values()) <= 0.9801


def test_a_stereo_effect_makes_all_sounds_stereo():
    mono = passage()
    wide = dataclasses.replace(mono, wet=np.concatenate([mono.wet, 0.5 * mono.wet]))
    assert {len(each) for each in prepared(wide, 2.0).sounds.values()} == {2}


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"dry": np.zeros((1, 2 * RATE), np.float32)}, "got silence in 'riff' of 'drive', dry"),
        ({"wet": np.ones((1, RATE), np.float32)}, "at least 2 s to listen to, got 1.00 s"),
    ],
)
def test_what_cannot_be_listened_to_is_refused(change, complaint):
    with pytest.raises(ListeningError, match=complaint):
        prepared(dataclasses.replace(passage(), **change), 2.0)


def test_models_of_one_passage_are_put_together():
    ours, theirs = passage(), passage(models=("theirs",))
    (together,) = joined([ours, theirs])
    assert list(together.models) == ["ours", "theirs"]
    with pytest.raises(ListeningError, match="of different names, got 'ours' twice"):
        joined([ours, ours])
    with pytest.raises(ListeningError, match=r"one sample rate .* got 16000 and 8000 Hz"):
        joined([ours, dataclasses.replace(theirs, sample_rate=8000)])


def test_the_anchor_has_nothing_above_its_low_pass():
    noise = np.random.default_rng(0).standard_normal((1, 3 * 48_000)).astype(np.float32)
    power = np.square(np.abs(np.fft.rfft(anchor(noise, 48_000)[0])))
    hertz = np.fft.rfftfreq(3 * 48_000, 1 / 48_000)
    below, above = power[hertz < 3000].mean(), power[hertz > 5000].mean()
    assert above < 1e-3 * below
