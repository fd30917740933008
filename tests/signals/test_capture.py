"""The capture signal: every section where its map says, and rebuilt from its map to the sample."""

import itertools
import json
import resource
from dataclasses import replace

import numpy as np
import pytest

from wetprint import audio
from wetprint.errors import AudioFileError, OutputError
from wetprint.signals import (
    CaptureMap,
    capture_signal,
    excitation,
    read_capture_map,
    write_capture,
)
from wetprint.signals.capture_map import VERSION

RATE = 8000

PROMISED = {
    "silence": {"silence_start", "silence_end", "silence_after_sweep_hard"},
    "marker": {"marker_start", "marker_middle", "marker_end"},
    "passage": {"passage_first", "passage_again"},
    "sweep": {"sweep_faint", "sweep_soft", "sweep_medium", "sweep_loud", "sweep_hard"},
    "chirps": {"chirps_fast", "chirps_slow"},
    "tone": {"tone_110_hz_faint", "tone_440_hz_loud", "tone_1760_hz_hard"},
    "level_steps": {"level_steps_200_hz", "level_steps_1000_hz"},
    "two_tones": {"two_tones_low_and_high", "two_tones_fifth", "two_tones_close"},
    "noise": {"noise_soft", "noise_loud"},
    "playing": {"playing"},
}


@pytest.fixture(scope="module")
def capture() -> tuple[np.ndarray, CaptureMap]:
    return capture_signal(RATE, seed=3)


@pytest.mark.parametrize("kind", sorted(PROMISED))
def test_the_promised_sections_are_there(capture, kind):
    assert PROMISED[kind] <= {each.name for each in capture[1].of_kind(kind)}


def test_the_map_covers_the_signal_without_gaps(capture):
    signal, capture_map = capture
    assert capture_map.length_samples == signal.shape[1]
    assert (signal.dtype, capture_map.version, capture_map.sample_rate) == (
        "float32",
        VERSION,
        RATE,
    )
    starts = [each.start_samples for each in capture_map.sections]
    stops = [each.stop_samples for each in capture_map.sections]
    assert starts == [0, *stops[:-1]]
    assert stops[-1] == signal.shape[1]
    assert len({each.name for each in capture_map.sections}) == len(capture_map.sections)


def test_it_lasts_three_to_four_minutes_and_stays_below_full_scale(capture):
    assert 180 < capture[0].shape[1] / RATE < 240
    assert np.abs(capture[0]).max() == pytest.approx(10 ** (-1 / 20), abs=1e-4)


def test_every_section_is_rebuilt_to_the_sample_from_its_json(capture):
    signal, capture_map = capture
    for section in CaptureMap.from_json(capture_map.to_json()).sections:
        rebuilt = excitation(section, RATE).astype(np.float32)
        np.testing.assert_array_equal(
            rebuilt, signal[0, section.start_samples : section.stop_samples], section.name
        )


def test_sections_peak_at_their_level(capture):
    signal, capture_map = capture
    for section in capture_map.sections:
        peak = np.abs(signal[0, section.start_samples : section.stop_samples]).max()
        if section.kind == "silence":
            assert peak == 0
        elif section.kind not in ("level_steps", "two_tones", "chirps"):
            assert peak == pytest.approx(10 ** (section.parameters["level_db"] / 20), rel=0.06)


def test_the_passage_comes_twice_far_apart(capture):
    signal, capture_map = capture
    first, again = (capture_map.section(each) for each in ("passage_first", "passage_again"))
    np.testing.assert_array_equal(
        signal[0, first.start_samples : first.stop_samples],
        signal[0, again.start_samples : again.stop_samples],
    )
    assert (again.start_samples - first.stop_samples) / RATE > 120
    assert first.length_samples == 6 * RATE


def test_sweeps_and_chirps_are_followed_by_seconds_of_silence(capture):
    sections = capture[1].sections
    for section, following in itertools.pairwise(sections):
        if section.kind in ("sweep", "chirps", "passage", "playing"):
            assert following.kind == "silence"
            assert following.length_samples >= 3 * RATE


def test_chirp_trains_have_whole_periods(capture):
    fast, slow = capture[1].of_kind("chirps")
    for train, seconds, period_s in ((fast, 20.0, 0.040), (slow, 23.4, 0.117)):
        parameters = train.parameters
        assert parameters["period_samples"] == round(period_s * RATE)
        assert train.length_samples == parameters["count"] * parameters["period_samples"]
        assert train.length_samples / RATE == pytest.approx(seconds)


@pytest.mark.parametrize("rate", [44100, 48000])
def test_sweeps_reach_as_high_as_the_rate_allows(rate):
    sweep = next(each for each in _quick_sections(rate) if each[1] == "sweep")
    assert sweep[2]["f_stop_hz"] == min(20000, 0.45 * rate)


def _quick_sections(rate):
    from wetprint.signals.capture import _parts

    return list(_parts(rate, 0))


def test_the_map_survives_json(capture):
    text = capture[1].to_json()
    assert CaptureMap.from_json(text) == capture[1]
    assert json.loads(text)["version"] == VERSION


def test_an_unknown_section_names_the_nearest(capture):
    with pytest.raises(AudioFileError, match="did you mean 'sweep_loud'"):
        capture[1].section("sweep_lout")
    assert capture[1].of_kind("nothing") == ()


def test_damaged_foreign_and_newer_maps_are_refused(capture):
    text = capture[1].to_json()
    newer = replace(capture[1], version=VERSION + 1).to_json()
    with pytest.raises(AudioFileError, match="update wetprint"):
        CaptureMap.from_json(newer)
    overlapping = text.replace('"start_samples": 24000', '"start_samples": 23999')
    assert overlapping != text
    for damaged in ("", "{}", "[1]", text[:-100], text.replace("wetprint", "x"), overlapping):
        with pytest.raises(AudioFileError, match="expected a capture map"):
            CaptureMap.from_json(damaged)


def test_both_files_are_written_and_read_back(tmp_path, capture):
    written = write_capture(tmp_path / "capture.wav", RATE, seed=3)
    assert [each.name for each in written] == ["capture.wav", "capture.json"]
    assert read_capture_map(tmp_path / "capture.wav") == capture[1]
    read, rate = audio.read(tmp_path / "capture.wav")
    assert rate == RATE
    assert np.abs(read - capture[0]).max() <= 2**-24
    assert audio.info(tmp_path / "capture.wav").encoding == "pcm24"


def test_neither_file_is_left_when_the_disk_is_full(tmp_path):
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, old[1]))
    try:
        with pytest.raises(OutputError, match="disk is full"):
            write_capture(tmp_path / "capture.wav", RATE)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_map_is_told(tmp_path):
    with pytest.raises(AudioFileError, match="cannot read the capture map"):
        read_capture_map(tmp_path / "none.wav")
    (tmp_path / "bad.json").write_text("{}")
    with pytest.raises(AudioFileError, match=r"bad\.json: expected a capture map"):
        read_capture_map(tmp_path / "bad.json")
