"""Playing: phrases that stay on the instrument, and sound that covers what real playing covers."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import welch

from wetprint.signals import playing
from wetprint.signals.hands import HIGHEST_PITCH, LOWEST_PITCH, Stroke, draw_hand
from wetprint.signals.phrases import BASS_STYLES, STYLES, draw_phrase
from wetprint.signals.playing import phrases
from wetprint.signals.soundfont import Sampler
from wetprint.signals.tone import _biquad, colour_string, draw_tone

RATE = 48000


@pytest.fixture(scope="module")
def half_minute() -> np.ndarray:
    return playing(30.0, seed=11)


@pytest.mark.parametrize("bass", [False, True])
@pytest.mark.parametrize("seed", range(40))
def test_strokes_are_playable(bass, seed):
    strokes = draw_phrase(np.random.default_rng(seed), 4.0, bass)
    assert all(0 <= each.string < (4 if bass else 6) for each in strokes)
    assert all(0 < each.force <= 1 and each.seconds > 0 for each in strokes)
    assert all(LOWEST_PITCH - 1 <= each.pitch <= HIGHEST_PITCH + 1 for each in strokes)
    assert all(0 <= each.start_s < 4.0 + 8.0 for each in strokes)
    assert [each.start_s for each in strokes] == sorted(each.start_s for each in strokes)


@pytest.mark.parametrize("style", sorted({*STYLES, *BASS_STYLES}, key=lambda each: each.__name__))
def test_every_style_plays_something_of_its_own(style):
    strokes = []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        strokes += style(rng, draw_hand(rng, bass=style not in STYLES), 4.0)
    assert len(strokes) >= 5
    assert len({round(each.pitch) for each in strokes}) > 1


def test_all_that_hands_do_is_done():
    """Over many phrases: mutes, bends, several strings at once, ghost notes and hard ones."""
    everything = [draw_phrase(np.random.default_rng(seed), 4.0, False) for seed in range(60)]
    strokes = [each for phrase in everything for each in phrase]
    assert 0.03 < np.mean([each.muted for each in strokes]) < 0.5
    assert 0.03 < np.mean([bool(each.bend) for each in strokes]) < 0.5
    levels_db = 20 * np.log10([each.force for each in strokes])
    assert np.percentile(levels_db, 99) > -3
    assert np.percentile(levels_db, 5) < -20
    together = [
        len({each.string for each in phrase if each.start_s < 0.2}) for phrase in everything
    ]
    assert {1, 2, 3} <= set(together)
    pitches = [each.pitch for each in strokes]
    assert max(pitches) - min(pitches) > 36


def test_a_longer_request_begins_as_a_shorter_one(half_minute):
    np.testing.assert_array_equal(playing(3.0, seed=11), half_minute[:, : 3 * RATE])


def test_another_seed_plays_something_else(half_minute):
    other = playing(3.0, seed=12)
    assert other.shape == (1, 3 * RATE)
    assert np.abs(other - half_minute[:, : 3 * RATE]).max() > 0.05


def test_length_and_type_hold_at_other_rates():
    sound = playing(1.5, seed=0, sample_rate=44100)
    assert (sound.shape, sound.dtype) == ((1, 66150), np.float32)
    assert np.isfinite(sound).all()


def test_phrases_differ_in_level_and_never_clip():
    source = phrases(Sampler(), seed=3)
    peaks_db = [20 * np.log10(np.abs(next(source)).max()) for _ in range(25)]
    assert max(peaks_db) <= -0.99
    assert np.median(peaks_db) > -12
    assert max(peaks_db) - min(peaks_db) > 12


def test_the_spectrum_is_that_of_guitars(half_minute):
    """Bands of recorded dry guitars and basses, in dB below the whole: 250-500 Hz -5 (0 to -10),
    1-2 kHz -13 (-7 to -23), 3-6 kHz -25 (-15 to -45), 8-16 kHz -45 (-35 to -70)."""
    frequency_hz, power = welch(half_minute[0], RATE, nperseg=8192)
    for low, high, least_db, most_db in (
        (60, 250, -15, -1),
        (250, 500, -12, -1),
        (1000, 2000, -24, -5),
        (3000, 6000, -45, -12),
        (8000, 16000, -75, -30),
    ):
        band = power[(frequency_hz >= low) & (frequency_hz < high)].sum() / power.sum()
        assert least_db < 10 * np.log10(band) < most_db, (low, high)


def test_the_crest_is_that_of_guitars(half_minute):
    """Recorded ones, 15 to 30 s each: 15 to 22 dB from root mean square to peak."""
    crest_db = 20 * np.log10(np.abs(half_minute).max() / np.sqrt((half_minute**2).mean()))
    assert 14 < crest_db < 25


def test_a_muted_stroke_dies_at_its_own_pace():
    """A steady sound under a muted stroke falls by e in mute_decay_s."""
    rng = np.random.default_rng(0)
    tone = replace(draw_tone(rng, [25], [28], RATE), attack_db=0.0)
    stroke = Stroke(0, 0.0, 1.0, 40, 1.0, muted=True)
    ones = np.ones(RATE, np.float32)
    muted = colour_string(ones, [stroke], 82.4, tone, RATE)
    at = round(0.1 * RATE) + np.array([0, round(tone.mute_decay_s * RATE)])
    assert muted[at[1]] / muted[at[0]] == pytest.approx(np.exp(-1), rel=0.05)


def test_the_beginning_of_a_stroke_stands_out():
    """By attack_db, before it falls by attack_s; the pickup and the corner left aside."""
    plain = draw_tone(np.random.default_rng(0), [25], [28], RATE)
    tone = replace(plain, attack_db=6.0206, attack_s=0.02, decay_s=1e9, pickup_depth=0.0)
    tone = replace(tone, darkest_db=0.0, force_exponent=0.0)
    steady = np.ones(RATE, np.float32)
    struck = colour_string(steady, [Stroke(0, 0.0, 1.0, 40, 1.0)], 82.4, tone, RATE)
    at_s = np.array([0.01, 0.02, 0.06])
    expected = 1 + np.exp(-at_s / 0.02)
    assert struck[np.round(at_s * RATE).astype(int)] == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize(
    ("kind", "gains"),
    [("lowpass", (1.0, 0.7, 0.0)), ("highpass", (0.0, 0.7, 1.0)), ("peak", (1.0, 10**0.3, 1.0))],
)
def test_biquads_have_the_gains_they_are_named_for(kind, gains):
    """At 0 Hz, at 1 kHz (q = 0.7: -3 dB; the peak of 6 dB) and at half the sample rate."""
    b0, b1, b2, _, a1, a2 = _biquad(kind, 1000.0, 0.7, 6.0, RATE)
    z = np.exp(-2j * np.pi * np.array([0, 1000, RATE / 2]) / RATE)
    response = np.abs((b0 + b1 * z + b2 * z**2) / (1 + a1 * z + a2 * z**2))
    assert response == pytest.approx(gains, abs=1e-6)
