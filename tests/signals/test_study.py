"""The study's generator: the right waveforms at the right pitches, the same for the same seed."""

from dataclasses import replace

import numpy as np
import pytest

from wetprint import audio
from wetprint.errors import OutputError
from wetprint.signals import study_track, write_study_tracks
from wetprint.signals.study import HIGHEST_HZ, LOWEST_HZ, StudyNote, draw_notes, render_note

RATE = 48000


def note(waveform: str, **given) -> StudyNote:
    plain = StudyNote(waveform, 0.0, 1.0, start_hz=200.0, stop_hz=800.0, octaves_per_s=4.0, level=1)
    return replace(plain, **given)


def harmonics(wave: np.ndarray, frequency_hz: int) -> np.ndarray:
    """Amplitudes of harmonics 1 to 8, of the second half of a second (so without its edges)."""
    half = wave[RATE // 4 : 3 * RATE // 4]
    spectrum = np.abs(np.fft.rfft(half)) / (len(half) / 2)
    return spectrum[frequency_hz // 2 * np.arange(1, 9)]


def test_a_track_is_as_long_as_its_segments_and_never_clips():
    track = study_track(segments=3, seed=5, segment_seconds=2.0)
    assert (track.shape, track.dtype) == ((1, 6 * RATE), np.float32)
    peaks = np.abs(track.reshape(3, -1)).max(axis=1)
    assert np.all(peaks <= 10 ** (-1 / 20) + 1e-6)
    assert np.all(peaks >= 10 ** (-24 / 20) - 1e-6)


def test_the_same_seed_gives_the_same_track_and_another_another():
    track = study_track(1, seed=1, segment_seconds=2.0)
    np.testing.assert_array_equal(track, study_track(1, seed=1, segment_seconds=2.0))
    assert np.abs(track - study_track(1, seed=2, segment_seconds=2.0)).max() > 0.01


def test_more_segments_begin_as_fewer_do():
    few, more = (study_track(count, seed=3, segment_seconds=1.0) for count in (1, 3))
    np.testing.assert_array_equal(more[:, : few.shape[1]], few)


def test_notes_keep_to_the_range_of_the_study_and_use_every_waveform():
    notes = [each for seed in range(20) for each in draw_notes(np.random.default_rng(seed), 10.0)]
    pitches = np.array([(each.start_hz, each.stop_hz) for each in notes])
    assert pitches.min() >= LOWEST_HZ
    assert pitches.max() <= HIGHEST_HZ
    assert {each.waveform for each in notes} == {"sine", "chirp", "square", "saw"}
    assert all(each.start_s + each.seconds <= 10.0 + 1e-9 for each in notes)


def test_density_and_gaps_vary_from_segment_to_segment():
    """Share of time that sounds, and voices at once: sum of lengths over ten seconds."""
    density = [
        sum(each.seconds for each in draw_notes(np.random.default_rng(seed), 10.0)) / 10
        for seed in range(40)
    ]
    assert min(density) < 0.8
    assert max(density) > 3.0


def test_a_sine_is_its_fundamental_alone():
    assert harmonics(render_note(note("sine"), RATE), 200)[0] == pytest.approx(1, abs=1e-9)
    assert harmonics(render_note(note("sine"), RATE), 200)[1:] == pytest.approx(0, abs=1e-9)


def test_a_saw_has_all_harmonics_falling_with_their_number():
    """Fourier: 2 / (pi n), less what band-limiting takes from the upper ones."""
    expected = 2 / (np.pi * np.arange(1, 9))
    assert harmonics(render_note(note("saw"), RATE), 200) == pytest.approx(expected, rel=0.01)


def test_a_square_has_the_odd_harmonics():
    expected = np.where(np.arange(1, 9) % 2, 4 / (np.pi * np.arange(1, 9)), 0)
    assert harmonics(render_note(note("square"), RATE), 200) == pytest.approx(expected, abs=0.004)


@pytest.mark.parametrize("waveform", ["saw", "square"])
def test_aliases_lie_far_below_the_note(waveform):
    """1100 Hz, nearly the worst case: what is none of its harmonics has folded back.

    Without band-limiting it would be -16 dB for the saw and -17 dB for the square.
    """
    wave = render_note(note(waveform, start_hz=1100.0), RATE)[RATE // 4 : 3 * RATE // 4]
    power = np.abs(np.fft.rfft(wave)) ** 2
    between = np.delete(power, np.s_[::550])  # 2 Hz a bin
    assert 10 * np.log10(between.sum() / power.sum()) < -30


def test_a_chirp_slides_at_its_speed_and_stays_at_its_second_pitch():
    """From 200 Hz, 4 octaves a second: 400 Hz after a quarter, 800 Hz from a half second on."""
    wave = render_note(note("chirp"), RATE)
    rising = np.flatnonzero((wave[:-1] < 0) & (wave[1:] >= 0))
    period = np.diff(rising) / RATE
    at_s = rising[:-1] / RATE
    quarter, late = np.searchsorted(at_s, [0.25, 0.6])
    assert 1 / period[quarter] == pytest.approx(400, rel=0.02)
    assert 1 / np.median(period[late:-5]) == pytest.approx(800, rel=0.02)


def test_the_notes_are_the_same_at_every_rate():
    low, high = (render_note(note("sine"), rate) for rate in (RATE, 2 * RATE))
    np.testing.assert_allclose(low, high[::2], atol=4e-3)  # the edge ends half a sample later
    np.testing.assert_allclose(low[400:-400], high[::2][400:-400], atol=1e-9)


def test_tracks_are_written_as_24_bit_files_each_different(tmp_path):
    told = []
    paths = write_study_tracks(
        tmp_path / "tracks", 2, 1, seed=4, progress=lambda *each: told.append(each)
    )
    assert [each.name for each in paths] == ["track_01.wav", "track_02.wav"]
    first, second = (audio.read(each)[0] for each in paths)
    assert audio.info(paths[0]).encoding == "pcm24"
    assert first.shape == (1, 480000)
    assert np.abs(first - second).max() > 0.01
    assert told[-1] == ("generating", 1.0, "track_02.wav")


def test_tracks_cannot_be_written_where_a_file_is_in_the_way(tmp_path):
    (tmp_path / "tracks").write_text("")
    with pytest.raises(OutputError, match="a file is in the way"):
        write_study_tracks(tmp_path / "tracks", 1, 1, seed=0)
