"""The user's training audio: everything that sounds, in order, at one rate, on one channel."""

import numpy as np
import pytest
import soundfile

from tests.signals.test_soundfont import A_NOTE, midi_bytes
from wetprint import audio
from wetprint.errors import AudioFileError
from wetprint.signals import read_training_audio


def tone(hz: float, rate: int, seconds: float = 0.2) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)


def test_every_sound_and_midi_file_is_read_in_order(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / ".hidden").mkdir()
    audio.write(tmp_path / "c.wav", tone(440, 48000)[None], 48000)
    soundfile.write(tmp_path / "b" / "a.MP3", tone(440, 44100), 44100, format="MP3")
    (tmp_path / "b" / "song.mid").write_bytes(midi_bytes(*A_NOTE))
    soundfile.write(tmp_path / "a.flac", tone(440, 44100), 44100)
    soundfile.write(tmp_path / ".hidden" / "a.wav", tone(440, 44100), 44100)
    (tmp_path / "notes.txt").write_text("not for hearing")
    told = []
    found = read_training_audio(tmp_path, 48000, progress=lambda *each: told.append(each))
    assert [name for name, _ in found] == ["a.flac", "b/a.MP3", "b/song.mid", "c.wav"]
    assert [sound.shape for _, sound in found] == [(1, 9600), (1, 9600), (1, 192000), (1, 9600)]
    expected = tone(440, 48000)
    for index in (0, 3):
        np.testing.assert_allclose(found[index][1][0, 2000:-2000], expected[2000:-2000], atol=1e-4)
    assert told[-1] == ("reading training audio", 1.0, "c.wav")


def test_stereo_is_mixed_to_mono_and_said(tmp_path):
    sides = np.stack([tone(440, 48000), 0.5 * tone(880, 48000)])
    audio.write(tmp_path / "a.wav", sides, 48000, "float32")
    told = []
    found = read_training_audio(tmp_path, 48000, progress=lambda *each: told.append(each))
    np.testing.assert_allclose(found[0][1], sides.mean(axis=0, keepdims=True), atol=1e-7)
    assert told[0][2] == "a.wav (2 channels mixed to one)"


def test_a_folder_without_sound_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("not for hearing")
    with pytest.raises(AudioFileError, match="holds no sound and no MIDI file"):
        read_training_audio(tmp_path, 48000)
    with pytest.raises(AudioFileError, match="there is none"):
        read_training_audio(tmp_path / "none", 48000)


def test_a_broken_file_is_named(tmp_path):
    audio.write(tmp_path / "a.wav", tone(440, 48000)[None], 48000)
    (tmp_path / "b.wav").write_text("not for hearing")
    with pytest.raises(AudioFileError, match=r"b\.wav"):
        read_training_audio(tmp_path, 48000)
