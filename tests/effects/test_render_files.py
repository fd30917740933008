"""Files and folders: whole or not at all, and never twice."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from wetprint import audio
from wetprint.effects import open_effect, render_file, render_folder
from wetprint.errors import AudioFileError, EffectError, OutputError


@pytest.fixture
def dataset(tmp_path: Path, sound: np.ndarray) -> Path:
    """Make a folder with three files of different format, sample rate and channels."""
    folder = tmp_path / "dataset"
    folder.mkdir()
    audio.write(folder / "a.wav", sound, 48000)
    audio.write(folder / "b.flac", sound[:, :5000], 44100)
    audio.write(folder / "c.wav", np.concatenate([sound, 0.5 * sound]), 96000, "float32")
    (folder / "manifest.json").write_text("{}")
    return folder


@pytest.fixture
def half(tmp_path: Path) -> str:
    """Write an effect that halves and needs no worker."""
    audio.write(tmp_path / "half.ir.wav", np.full((1, 1), 0.5, np.float32), 48000, "float32")
    return f"ir:{tmp_path}/half.ir.wav"


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("sample_rate", [8000, 44100, 192000])
def test_a_file_keeps_rate_and_length(
    tmp_path: Path, misbehaving: Callable[[str], str], sound: np.ndarray, sample_rate: int
) -> None:
    audio.write(tmp_path / "dry.wav", sound, sample_rate, "float32")
    spec = misbehaving("good") + "?Gain%20(dB)=-6"
    done = render_file(spec, tmp_path / "dry.wav", tmp_path / "wet.wav")
    wet, rate = audio.read(tmp_path / "wet.wav")
    assert (rate, done.seconds) == (sample_rate, sound.shape[1] / sample_rate)
    np.testing.assert_allclose(wet, 10 ** (-6 / 20) * sound, atol=2**-23)


def test_a_loud_result_is_kept_and_said(
    tmp_path: Path, misbehaving: Callable[[str], str], sound: np.ndarray
) -> None:
    audio.write(tmp_path / "dry.wav", sound, 48000, "float32")
    spec = misbehaving("good") + "?Gain%20(dB)=20"
    done = render_file(spec, tmp_path / "dry.wav", tmp_path / "wet.wav")
    assert any("dBFS" in note for note in done.notes)
    np.testing.assert_allclose(audio.read(tmp_path / "wet.wav")[0], 10 * sound, rtol=1e-6)


def test_a_failed_file_leaves_nothing(
    tmp_path: Path, misbehaving: Callable[[str], str], sound: np.ndarray
) -> None:
    audio.write(tmp_path / "dry.wav", sound, 48000)
    for label in ("nan", "silent", "crashing"):
        with pytest.raises(EffectError):
            render_file(misbehaving(label), tmp_path / "dry.wav", tmp_path / "wet.wav")
    assert files(tmp_path) == ["dry.wav"]


def test_places_that_cannot_be_written_are_refused_before_the_work(
    tmp_path: Path, misbehaving: Callable[[str], str], sound: np.ndarray
) -> None:
    audio.write(tmp_path / "dry.wav", sound, 48000)
    crashing = misbehaving("crashing")
    with pytest.raises(OutputError, match="there is no folder"):
        render_file(crashing, tmp_path / "dry.wav", tmp_path / "none" / "wet.wav")
    with pytest.raises(OutputError, match="is the dry file itself"):
        render_file(crashing, tmp_path / "dry.wav", tmp_path / "dry.wav")
    with pytest.raises(OutputError, match="cannot go into"):
        render_folder(crashing, tmp_path, tmp_path)


def test_a_folder_gets_the_same_names(dataset: Path, half: str) -> None:
    done = render_folder(half, dataset)
    assert done.rendered == ("a.wav", "b.flac", "c.wav")
    assert files(dataset / "processed") == ["a.wav", "b.flac", "c.wav", "rendered.json"]
    for name in done.rendered:
        dry, dry_rate = audio.read(dataset / name)
        wet, wet_rate = audio.read(dataset / "processed" / name)
        assert wet_rate == dry_rate
        assert wet.shape == dry.shape
        if dry_rate == 48000:  # elsewhere the response is resampled and no longer one tap
            np.testing.assert_allclose(wet, 0.5 * dry, atol=2**-22)
    assert done.summary == f"rendered 3 files, in {dataset / 'processed'}"


def test_a_folder_is_not_rendered_twice(dataset: Path, half: str) -> None:
    effect = open_effect(half)
    render_folder(effect, dataset)
    before = {path: path.stat().st_mtime_ns for path in (dataset / "processed").iterdir()}
    again = render_folder(effect, dataset)
    assert (again.rendered, again.kept) == ((), ("a.wav", "b.flac", "c.wav"))
    assert before == {path: path.stat().st_mtime_ns for path in (dataset / "processed").iterdir()}
    assert "kept 3 that had not changed" in again.summary


@pytest.mark.parametrize("change", ["dry", "gone", "cut", "record"])
def test_what_changed_is_rendered_again(
    dataset: Path, half: str, sound: np.ndarray, change: str
) -> None:
    processed = dataset / "processed"
    render_folder(half, dataset)
    if change == "dry":
        audio.write(dataset / "a.wav", 0.5 * sound, 48000)
    elif change == "gone":
        (processed / "a.wav").unlink()
    elif change == "cut":
        os.truncate(processed / "a.wav", 1000)
    else:
        record = json.loads((processed / "rendered.json").read_text())
        del record["files"]["a.wav"]
        (processed / "rendered.json").write_text(json.dumps(record))
    assert render_folder(half, dataset).rendered == ("a.wav",)
    np.testing.assert_allclose(
        audio.read(processed / "a.wav")[0], 0.5 * audio.read(dataset / "a.wav")[0], atol=2**-22
    )


def test_another_spec_encoding_or_effect_file_renders_all_again(
    dataset: Path, tmp_path: Path
) -> None:
    taps = np.array([[0.5]], np.float32)
    audio.write(tmp_path / "ir.wav", taps, 48000, "float32")
    spec = f"ir:{tmp_path}/ir.wav"
    render_folder(spec, dataset)
    assert len(render_folder(spec, dataset, encoding="pcm16").rendered) == 3
    audio.write(tmp_path / "ir.wav", 0.5 * taps, 48000, "float32")
    assert len(render_folder(spec, dataset, encoding="pcm16").rendered) == 3
    audio.write(tmp_path / "other.wav", 0.5 * taps, 48000, "float32")
    assert len(render_folder(f"ir:{tmp_path}/other.wav", dataset, encoding="pcm16").rendered) == 3
    assert len(render_folder(f"ir:{tmp_path}/other.wav", dataset, encoding="pcm16").kept) == 3


@pytest.mark.parametrize("text", ["{", "[]", '{"version": 99, "files": {"a.wav": {}}}', ""])
def test_a_damaged_record_counts_as_none(dataset: Path, half: str, text: str) -> None:
    (dataset / "processed").mkdir()
    (dataset / "processed" / "rendered.json").write_text(text)
    assert len(render_folder(half, dataset).rendered) == 3


def test_an_interrupted_folder_goes_on_where_it_stopped(dataset: Path, half: str) -> None:
    def interrupt(stage: str, fraction: float, detail: str = "") -> None:
        if detail == "b.flac":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        render_folder(half, dataset, progress=interrupt)
    assert files(dataset / "processed") == ["a.wav", "rendered.json"]
    done = render_folder(half, dataset)
    assert (done.rendered, done.kept) == (("b.flac", "c.wav"), ("a.wav",))


def test_a_failing_file_is_named_and_the_others_stay(
    dataset: Path, misbehaving: Callable[[str], str], half: str
) -> None:
    (dataset / "b.flac").write_bytes(b"not flac at all")
    with pytest.raises(AudioFileError, match=r"b\.flac"):
        render_folder(half, dataset)
    assert files(dataset / "processed") == ["a.wav", "rendered.json"]
    with pytest.raises(EffectError, match=r"^a\.wav: .*returned silence"):
        render_folder(misbehaving("silent"), dataset)


def test_progress_names_the_file_and_rises(dataset: Path, half: str) -> None:
    seen: list[tuple[float, str]] = []
    render_folder(
        half,
        dataset,
        progress=lambda stage, fraction, detail="": seen.append((fraction, detail)),
    )
    assert [fraction for fraction, _ in seen] == sorted(fraction for fraction, _ in seen)
    assert seen[-1] == (1.0, "c.wav")


def test_folders_without_sound_are_refused(tmp_path: Path, dataset: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(AudioFileError, match="there is no sound file in"):
        render_folder("builtin:Gain", tmp_path / "empty")
    with pytest.raises(AudioFileError, match="there is no folder"):
        render_folder("builtin:Gain", tmp_path / "none")
    (dataset / "a.mp3").write_bytes(b"")
    with pytest.raises(AudioFileError, match=r"a\.wav would be rendered to a\.wav, as another"):
        render_folder("builtin:Gain", dataset)
