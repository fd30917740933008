"""Recordings of boxes: nothing that is judged on is learned from."""

from __future__ import annotations

import json

import numpy as np
import pytest

from boxes import Box
from clips import lay_out, static_gain_esr
from wetprint.audio import read, write

RATE = 8000
CLIPS = {"riff": 0.1, "solo": 0.2, "chord": 0.3}


@pytest.fixture
def recordings(tmp_path):
    """Clips whose samples tell which they are: stereo, the right side another signal."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    manifest = []
    for name, level in CLIPS.items():
        sound = level + np.arange(1000, dtype=np.float32)[None] / 8192  # exact in 24 bits
        sound = np.concatenate([sound, 0 * sound])
        entry = {"device": "A Pedal (mark 2)", "settings": name}
        for side, sign in (("dry", 1), ("wet", -1)):
            entry[side] = f"{name}.{side}.flac"
            write(folder / entry[side], sign * sound, RATE)
        manifest.append(entry)
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def test_whole_clips_go_where_they_are_named(recordings, tmp_path):
    box = Box("A Pedal", "drive", ("riff", "solo"), ("chord",))
    laid = lay_out(box, recordings, tmp_path / "out")
    names = {side.name: sorted(each.name for each in side.iterdir()) for side in laid.learned}
    assert names == {"dry": ["riff.flac", "solo.flac"], "wet": ["riff.flac", "solo.flac"]}
    assert [(dry.name, wet.name) for dry, wet in laid.judged] == [("chord.flac", "chord.flac")]
    (couple,) = laid.judged
    for path, side in zip(couple, ("dry", "wet"), strict=True):
        np.testing.assert_array_equal(read(path)[0], read(recordings / f"chord.{side}.flac")[0])


def test_a_single_clip_is_learned_from_its_beginning_and_judged_on_its_end(recordings, tmp_path):
    laid = lay_out(Box("A Pedal", "drive", ("solo",)), recordings, tmp_path / "out")
    (couple,) = laid.judged
    for learned, judged, side in zip(laid.learned, couple, ("dry", "wet"), strict=True):
        begin, end = read(learned / "solo.flac")[0], read(judged)[0]
        assert (begin.shape[1], end.shape[1]) == (700, 300)
        whole = read(recordings / f"solo.{side}.flac")[0]
        np.testing.assert_array_equal(np.concatenate([begin, end], axis=1), whole)


def test_a_side_recorded_to_measure_by_is_left_out(recordings, tmp_path):
    box = Box("A Pedal", "drive", ("solo",), ("riff",), left_only=True)
    laid = lay_out(box, recordings, tmp_path / "out")
    sound, _ = read(laid.judged[0][1])
    np.testing.assert_array_equal(sound, read(recordings / "riff.wet.flac")[0][:1])


def test_a_clip_that_is_not_listed_is_named(recordings, tmp_path):
    with pytest.raises(LookupError, match="A Pedal at 'outro'"):
        lay_out(Box("A Pedal", "drive", ("outro",)), recordings, tmp_path / "out")


def test_static_gain_leaves_what_no_gain_explains():
    dry = np.array([[1.0, 0.0], [0.0, 1.0]])
    assert static_gain_esr(dry, -0.3 * dry) == pytest.approx(0.0, abs=1e-15)
    assert static_gain_esr(dry, dry[::-1]) == 1.0
    # 3 along dry and 4 at right angles: 16 of 25 are left
    assert static_gain_esr(np.array([[1.0, 0.0]]), np.array([[3.0, 4.0]])) == pytest.approx(0.64)
