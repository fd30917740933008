"""Every trouble is mended and said, warned of, or refused in one sentence that says what to do."""

from __future__ import annotations

import numpy as np
import pytest

from wetprint.audio import write
from wetprint.errors import PairError
from wetprint.pairs import check_pair, read_pair

from .sounds import BLURRED, RATE, SHARP, as_channels, at_another_clock, delayed, plucked


@pytest.fixture(scope="module")
def dry() -> np.ndarray:
    return plucked(6.0, seed=4)


def driven(sound: np.ndarray) -> np.ndarray:
    return as_channels(0.4 * np.tanh(5 * sound))


def check(dry: np.ndarray, wet: np.ndarray, **options):
    return check_pair(dry, as_channels(wet), RATE, RATE, "riff", **options)


@pytest.mark.parametrize("name", [*SHARP, *BLURRED])
def test_no_proper_pair_is_refused(dry, name):
    effect = SHARP[name][0] if name in SHARP else BLURRED[name]
    checked = check(dry, effect(dry))
    assert checked.pair.dry.shape[1] == checked.pair.wet.shape[1]
    assert np.array_equal(checked.pair.dry, dry)
    assert not any("ahead" in note for note in checked.notes)


@pytest.mark.parametrize("name", ["wire", "overdrive", "low-pass", "chorus", "room"])
def test_a_pair_in_order_gets_no_notes(dry, name):
    checked = check(dry, 0.5 * SHARP[name][0](dry))
    assert checked.notes == ()
    assert np.array_equal(checked.pair.wet, as_channels(0.5 * SHARP[name][0](dry)))


def test_a_single_short_hit_is_enough(dry):
    hit = dry[:, : int(0.4 * RATE)]
    assert check(hit, driven(hit)).pair.length_samples == hit.shape[1]


def test_channel_counts_may_differ(dry):
    stereo = np.concatenate([dry, 0.5 * dry])
    assert check(dry, driven(stereo)).pair.wet.shape[0] == 2
    assert check(stereo, driven(dry)).pair.dry.shape[0] == 2


def noisy(dry: np.ndarray, value: float) -> np.ndarray:
    wet = np.array(dry)
    wet[0, 1234] = value
    return wet


REFUSED = {
    "three channels": (lambda dry: (dry, np.repeat(dry, 3, 0)), "1 or 2 channels, got 3"),
    "no channels": (lambda dry: (dry, dry[0]), r"\(channel, time\)"),
    "nan": (lambda dry: (dry, noisy(dry, np.nan)), "wet recording of 'riff', got NaN"),
    "infinity in the dry": (lambda dry: (noisy(dry, np.inf), dry), "dry recording of 'riff'"),
    "too short": (lambda dry: (dry[:, :4_000], dry[:, :4_000]), "at least 0.25 s.*got 0.167 s"),
    "empty": (lambda dry: (dry[:, :0], dry), "at least 0.25 s.*got 0.000 s"),
    "silent wet": (lambda dry: (dry, 0 * dry), "wet recording of 'riff'.*is silent"),
    "silent dry": (lambda dry: (1e-6 * dry, dry), "dry recording of 'riff'.*is silent"),
    "half as long": (lambda dry: (dry, driven(dry)[:, : 3 * RATE]), r"6.0 s and 3.0 s"),
    "twice as long": (lambda dry: (dry[:, : 3 * RATE], driven(dry)), r"3.0 s and 6.0 s"),
    "unrelated": (lambda dry: (dry, driven(plucked(6.0, seed=99))), "unrelated.*same take"),
    "unrelated noise": (
        lambda dry: tuple(np.random.default_rng(i).normal(0, 0.1, (1, 5 * RATE)) for i in (0, 1)),
        "unrelated",
    ),
    "varispeed": (lambda dry: (dry, at_another_clock(dry, 800.0)), r"\+\d+ ppm"),
}


@pytest.mark.parametrize("trouble", REFUSED)
def test_what_cannot_be_learned_from_is_refused(dry, trouble):
    make, phrase = REFUSED[trouble]
    first, second = make(dry)
    with pytest.raises(PairError, match=phrase) as caught:
        check_pair(
            np.asarray(first, np.float32), np.asarray(second, np.float32), RATE, RATE, "riff"
        )
    assert "\n" not in str(caught.value)
    assert any(sign in str(caught.value) for sign in (";", "is (1, time)"))  # what to do about it


def test_different_sample_rates_are_refused(dry):
    with pytest.raises(PairError, match="24000 and 22050 Hz"):
        check_pair(dry, driven(dry), RATE, 22_050)


SWAPPED = {
    "fuzz": lambda dry: np.tanh(30 * dry),
    "fuzz into cabinet": SHARP["fuzz into cabinet"][0],
    "hall over dry": lambda dry: 0.7 * dry + 0.5 * BLURRED["reverb alone"](dry),
    "late fuzz": lambda dry: delayed(np.tanh(10 * dry), 200.0),
}


@pytest.mark.parametrize("name", SWAPPED)
def test_dry_and_wet_the_wrong_way_round_are_refused(dry, name):
    wet = as_channels(SWAPPED[name](dry))
    check(dry, wet)
    with pytest.raises(PairError, match=r"swapped.*other way round"):
        check(wet, dry)


def test_trust_overrules_doubts_but_not_impossibilities(dry):
    wet = as_channels(np.tanh(30 * dry))
    assert check(wet, dry, trust=True).pair.length_samples == dry.shape[1]
    assert check(dry, plucked(6.0, seed=99), trust=True).alignment.confidence < 0.45
    with pytest.raises(PairError, match="silent"):
        check(dry, 0 * dry, trust=True)


def said(checked, *phrases: str) -> bool:
    return any(all(phrase in note for phrase in phrases) for note in checked.notes)


def test_latency_is_removed_and_said(dry):
    checked = check(dry, delayed(driven(dry), 240.0))
    assert said(checked, "samples (10.00 ms) after the dry", "earlier")
    assert checked.alignment.delay_samples == pytest.approx(240.0, abs=0.3)
    residue = checked.pair.wet - driven(checked.pair.dry)
    shifted = check(checked.pair.dry, checked.pair.wet)
    assert shifted.notes == ()
    assert np.abs(residue).max() > 0  # a margin is left, so that nothing leads
    assert 0 < shifted.alignment.delay_samples < 5


def test_a_wet_ahead_of_the_dry_is_mended_and_said(dry):
    checked = check(dry, delayed(0.5 * dry, -120.0))
    assert said(checked, "120.0 samples (5.00 ms) ahead", "later")
    assert said(checked, "not swapped", "ahead")
    assert 0 < check(checked.pair.dry, checked.pair.wet).alignment.delay_samples < 5


def test_a_long_delay_is_left_to_the_effect(dry):
    checked = check(dry, delayed(driven(dry), 0.4 * RATE))
    assert said(checked, "(400.00 ms)", "kept", "samples from the start of the wet")
    assert np.array_equal(checked.pair.dry, dry)


def test_drift_is_mended_and_said(dry):
    checked = check(dry, at_another_clock(driven(dry), 70.0))
    assert said(checked, "ppm", "resampled")
    assert check(checked.pair.dry, checked.pair.wet).alignment.drift_ppm == pytest.approx(0, abs=3)


def test_inverted_polarity_is_said_and_kept(dry):
    checked = check(dry, -driven(dry))
    assert said(checked, "inverted polarity")
    assert np.array_equal(checked.pair.wet, -driven(dry))


def test_a_little_missing_is_trimmed_and_said(dry):
    checked = check(dry, driven(dry)[:, :-300])
    assert said(checked, "dry recording is 300 samples", "trimmed")
    assert checked.pair.length_samples == dry.shape[1] - 300


def test_a_tail_is_trimmed_and_said(dry):
    checked = check(dry, np.pad(driven(dry), ((0, 0), (0, RATE))))
    assert said(checked, "wet recording is 24000 samples (1.00 s) longer")


def test_clipping_is_warned_of(dry):
    assert said(check(dry, np.clip(12 * dry, -1, 1)), "wet recording is clipped", "0.0 dBFS")
    hot = as_channels(np.clip(6 * dry, -1, 1))
    assert said(check(hot, 0.5 * hot), "dry recording is clipped")


def test_an_offset_is_said(dry):
    assert said(check(dry, driven(dry) + 0.05), "offset (DC) of +0.0", "dBFS")


def test_a_silent_side_is_said(dry):
    wet = np.concatenate([driven(dry), np.zeros_like(dry)])
    assert said(check(dry, wet), "right side of the wet recording is silent")


def test_a_changed_pitch_is_believed_with_a_warning(dry):
    assert said(check(dry, BLURRED["pitch"](dry)), "Only the rhythm", "belong together")


def ring(sound: np.ndarray) -> np.ndarray:
    return sound * np.sin(2.0 * np.pi * 317.3 / RATE * np.arange(sound.shape[1]))


def test_a_shifted_frequency_is_told_from_a_changed_pitch(dry):
    assert said(check(dry, BLURRED["frequency"](dry)), "the dry times a carrier of 70.0 Hz")


@pytest.mark.parametrize("late", [0, 1000, 4000])
def test_a_ring_modulator_is_aligned_by_its_carrier(dry, late):
    checked = check(dry, delayed(ring(dry), late))
    assert said(checked, "the dry times a carrier of 317.3 Hz")
    left = late - checked.shift_samples
    assert 0 <= left <= 0.0007 * RATE


def test_a_ring_modulator_ahead_of_the_dry_is_moved_back(dry):
    late = np.concatenate([np.zeros((1, 900)), dry[:, :-900]], axis=1)
    checked = check(late, ring(dry))
    assert said(checked, "carrier of 317.3 Hz")
    assert said(checked, "ahead of the dry, where no effect can be")
    assert -0.0014 * RATE <= checked.shift_samples + 900 <= 0


def test_one_tone_beside_another_is_no_ring_modulator():
    time = np.arange(6 * RATE) / RATE
    steady, other = (np.sin(2.0 * np.pi * hertz * time)[None] for hertz in (220.0, 330.7))
    assert not said(check(steady, 0.5 * other), "carrier")


def test_one_note_proves_nothing_against_itself():
    note = plucked(0.4, seed=1)[:, : int(0.3 * RATE)]
    other = np.random.default_rng(0).normal(0, 0.1, note.shape)
    assert said(check(note, other), "too few different notes")


def test_every_note_is_a_sentence(dry):
    wet = np.clip(-12 * delayed(driven(dry), 300.0), -1, 0.9)[:, :-500] + 0.05
    notes = check(dry, wet).notes
    assert len(notes) >= 5
    assert all(note[0].isupper() and note.endswith(".") for note in notes)


def test_files_are_read_and_named(dry, tmp_path):
    write(tmp_path / "clean riff.wav", dry, RATE, "float32")
    write(tmp_path / "fuzz.flac", driven(dry), RATE)
    checked = read_pair(tmp_path / "clean riff.wav", tmp_path / "fuzz.flac")
    assert checked.pair.name == "clean riff"
    assert checked.pair.sample_rate == RATE
    assert np.array_equal(checked.pair.dry, dry)
    write(tmp_path / "very fuzzy.wav", np.tanh(30 * dry), RATE)
    with pytest.raises(PairError, match="swapped"):
        read_pair(tmp_path / "very fuzzy.wav", tmp_path / "clean riff.wav")
