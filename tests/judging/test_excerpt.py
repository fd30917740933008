"""What can be listened to is the wet signal's loudest stretch, lossless, fair and small."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
import soundfile

from wetprint.judging.excerpts import extremes, loudest_start, pooled
from wetprint.judging.report import sound

RATE = 48000
PLENTY = 10**9


def decoded(source: sound.Source) -> np.ndarray:
    audio, rate = soundfile.read(io.BytesIO(base64.b64decode(source.flac_base64)), always_2d=True)
    assert rate == RATE
    return audio.T


def test_the_loudest_stretch_is_found(noise):
    audio = noise(2, seconds=3.0)
    audio[1, 60000:84000] *= 3.0
    assert abs(loudest_start(audio, RATE, 0.5) - 60000) <= 240
    assert loudest_start(audio, RATE, 10.0) == 0


def test_a_drawn_outline_touches_every_extreme(noise):
    samples = noise(seconds=0.5)[0]
    low, high = extremes(samples, 100)
    blocks = samples.reshape(100, 240)
    np.testing.assert_array_equal(low, blocks.min(axis=1))
    np.testing.assert_array_equal(high, blocks.max(axis=1))
    assert extremes(samples[:7], 100)[0].tolist() == samples[:7].tolist()


def test_pooling_keeps_the_mean(noise):
    values = noise(2, seconds=1000 / RATE)
    assert pooled(values, 10).mean() == pytest.approx(values.mean(), abs=1e-6)
    assert pooled(values, 10).shape == (2, 10)


def test_the_three_are_cut_alike_and_kept_to_16_bits(noise):
    wet = noise(2, seconds=3.0, seed=1)
    wet[:, 48000:96000] *= 2.0
    dry, model = noise(1, seconds=3.0, seed=2), np.float32(0.5) * wet
    found = sound._cut(dry, model, wet, RATE, seconds=1.0)
    start = round(found.start_s * RATE)
    assert abs(start - 48000) <= 240
    assert found.gain_db == 0.0
    inner = slice(240, -240)  # the ends are faded
    for source, audio in zip(found.sources, (dry, model, wet), strict=True):
        cut = audio[:, start : start + RATE]
        np.testing.assert_allclose(decoded(source)[:, inner], cut[:, inner], atol=2.0**-15)
        assert np.abs(decoded(source)[:, [0, -1]]).max() == 0.0


def test_beyond_full_scale_all_three_are_turned_down_alike(noise):
    wet = noise(seconds=0.5)
    wet *= 4.0 / np.abs(wet).max()
    found = sound.excerpt(0.1 * wet, 0.5 * wet, wet, RATE, PLENTY)
    assert found is not None
    assert found.gain_db == pytest.approx(20 * np.log10(0.999 / 4.0))
    dry, model, loud = (np.abs(decoded(source)).max() for source in found.sources)
    assert loud == pytest.approx(0.999, abs=1e-4)
    assert (model / loud, dry / loud) == pytest.approx((0.5, 0.1), abs=1e-3)


def test_matching_brings_all_to_the_quietest(noise):
    wet = noise(seconds=1.0)
    found = sound.excerpt(np.float32(0.1) * wet, np.float32(0.5) * wet, wet, RATE, PLENTY)
    assert found is not None
    matched = [each.loudness_lufs + each.matching_db for each in found.sources]
    assert matched == pytest.approx([found.sources[0].loudness_lufs] * 3)
    assert max(each.matching_db for each in found.sources) == 0.0


def test_silence_is_not_matched_to(noise):
    wet = noise(seconds=1.0)
    found = sound.excerpt(np.zeros_like(wet), wet, wet, RATE, PLENTY)
    assert found is not None
    assert [each.matching_db for each in found.sources] == [0.0, 0.0, 0.0]


def test_a_budget_shortens_the_excerpt_and_may_leave_it_out(noise):
    three = [noise(seconds=5.0, seed=seed) for seed in range(3)]
    whole = sound.excerpt(*three, RATE, PLENTY)
    assert whole is not None
    assert whole.seconds == 5.0
    size = sum(len(each.flac_base64) for each in whole.sources)
    half = sound.excerpt(*three, RATE, size // 2)
    assert half is not None
    assert 2.0 <= half.seconds < 2.6
    assert sum(len(each.flac_base64) for each in half.sources) <= size // 2
    assert sound.excerpt(*three, RATE, size // 5) is None
