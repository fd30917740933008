"""Sampled instruments: right pitch, loudness and length, and clear words when they are missing."""

import struct
import sys

import numpy as np
import pytest

from wetprint.errors import AudioFileError, WetprintError
from wetprint.signals.soundfont import Note, Sampler, default_soundfont

RATE = 48000
PIANO, NYLON, STEEL, BASS = 0, 24, 25, 33


@pytest.fixture(scope="module")
def sampler() -> Sampler:
    return Sampler()


def partial_hz(sound: np.ndarray, near_hz: float, rate: int = RATE) -> float:
    """Frequency of the strongest partial within 10 % of a frequency, to a tenth of a Hz."""
    power = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), 10 * rate))
    low, high = round(9 * near_hz), round(11 * near_hz)
    return float(low + np.argmax(power[low:high])) / 10


def cents(frequency_hz: float, reference_hz: float) -> float:
    return 1200 * np.log2(frequency_hz / reference_hz)


@pytest.mark.parametrize(("pitch", "hz"), [(45, 110.0), (57, 220.0), (69, 440.0), (69.5, 452.9)])
def test_a_note_has_its_pitch(sampler, pitch, hz):
    sound = sampler.play([Note(0.0, 1.0, pitch, 0.8, NYLON)], 1.0)
    assert abs(cents(partial_hz(sound, hz), hz)) < 5  # as well as the samples are in tune


def test_a_bend_moves_the_pitch(sampler):
    straight = sampler.play([Note(0.0, 2.0, 57, 0.8, NYLON)], 2.0)
    bent = sampler.play([Note(0.0, 2.0, 57, 0.8, NYLON, ((0.0, 0.0), (0.5, 7.0)))], 2.0)
    np.testing.assert_allclose(bent[:96], straight[:96], atol=1e-4)
    assert abs(cents(partial_hz(straight[RATE:], 220.0), 220.0)) < 5
    assert abs(cents(partial_hz(bent[RATE:], 329.6), 329.6)) < 5


def test_loudness_goes_with_velocity(sampler):
    soft, hard = (sampler.play([Note(0, 1, 60, v, STEEL)], 1.0) for v in (0.2, 0.8))
    assert np.abs(hard).max() / np.abs(soft).max() == pytest.approx(4, rel=0.1)


def test_a_note_begins_on_its_sample_and_ends(sampler):
    sound = sampler.play([Note(0.25, 0.5, 60, 0.8, STEEL)], 3.0)
    assert np.all(sound[: RATE // 4] == 0)
    assert np.abs(sound[RATE // 4 : RATE // 4 + 2000]).max() > 0.02
    assert np.abs(sound[2 * RATE :]).max() < 0.01 * np.abs(sound).max()


def test_the_next_note_of_a_string_ends_the_one_before(sampler):
    long, short = Note(0.0, 3.0, 52, 0.9, STEEL), Note(0.5, 0.1, 76, 0.01, STEEL)
    alone = sampler.play([long], 3.0)[2 * RATE :]
    ended = sampler.play([short, long], 3.0)[2 * RATE :]
    assert np.abs(ended).max() < 0.1 * np.abs(alone).max()


def test_nothing_is_left_of_what_was_played_before(sampler):
    notes = [Note(0.1, 0.5, 40, 1.0, BASS, ((0.0, 3.0), (0.2, -3.0)))]
    first = Sampler().play(notes, 1.0)
    sampler.play([Note(0.0, 9.0, 60, 1.0, 16, ((0.0, 0.0), (9.0, 12.0)))], 1.0)
    np.testing.assert_array_equal(sampler.play(notes, 1.0), first)


def test_the_same_notes_at_another_rate(sampler):
    notes = [Note(0.0, 1.0, 57, 0.8, NYLON)]
    other = Sampler(sample_rate=44100).play(notes, 1.0)
    assert len(other) == 44100
    expected = partial_hz(sampler.play(notes, 1.0), 220.0)
    assert abs(cents(partial_hz(other, 220.0, rate=44100), expected)) < 2


def test_the_default_soundfont_has_every_general_midi_program(sampler):
    assert default_soundfont().name == "TimGM6mb.sf2"
    assert sampler.programs == tuple(range(128))


def test_a_missing_or_wrong_soundfont_is_refused(tmp_path):
    with pytest.raises(AudioFileError, match="no such SoundFont"):
        Sampler(tmp_path / "none.sf2")
    (tmp_path / "text.sf2").write_text("not a SoundFont")
    with pytest.raises(AudioFileError, match="expected a SoundFont"):
        Sampler(tmp_path / "text.sf2")


def test_without_tinysoundfont_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "tinysoundfont", None)
    with pytest.raises(WetprintError, match="pip install --no-deps tinysoundfont"):
        Sampler()


def test_without_pretty_midi_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(WetprintError, match="pip install pretty_midi"):
        default_soundfont()


def midi_bytes(*events: bytes) -> bytes:
    """A file of one track, 480 ticks a beat, 120 beats a minute."""
    track = b"".join(events) + b"\x00\xff\x2f\x00"
    head = struct.pack(">4sIHHH", b"MThd", 6, 0, 1, 480)
    return head + struct.pack(">4sI", b"MTrk", len(track)) + track


A_NOTE = (b"\x00\xc0\x18", b"\x00\x90\x45\x64", b"\x87\x40\x80\x45\x00")
"""Nylon guitar, A4 on, 960 ticks (a second) later off."""


def test_a_midi_file_is_played(sampler, tmp_path):
    (tmp_path / "a.mid").write_bytes(midi_bytes(*A_NOTE))
    sound = sampler.play_midi(tmp_path / "a.mid")
    assert sound.shape == (1, 4 * RATE)
    assert np.abs(sound).max() == pytest.approx(10 ** (-3 / 20), abs=1e-6)
    assert abs(cents(partial_hz(sound[0, :RATE], 440.0), 440.0)) < 5
    np.testing.assert_array_equal(sampler.play_midi(tmp_path / "a.mid"), sound)


def test_drums_are_played_on_the_tenth_channel(sampler, tmp_path):
    (tmp_path / "a.mid").write_bytes(midi_bytes(b"\x00\x99\x24\x64", b"\x83\x60\x89\x24\x00"))
    sound = sampler.play_midi(tmp_path / "a.mid")[0]
    assert np.abs(sound[: RATE // 2]).max() > 0.5
    assert np.abs(sound[2 * RATE :]).max() < 0.01


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"Dear Sir or Madam", "expected a MIDI file"),
        (b"", "expected a MIDI file"),
        (midi_bytes(*A_NOTE)[:20], "expected a MIDI file|holds no note"),
        (midi_bytes(), "holds no note|expected a MIDI file"),
    ],
)
def test_what_is_not_midi_is_refused(sampler, tmp_path, content, words):
    (tmp_path / "a.mid").write_bytes(content)
    with pytest.raises(AudioFileError, match=words):
        sampler.play_midi(tmp_path / "a.mid")


def test_a_missing_midi_file_is_refused(sampler, tmp_path):
    with pytest.raises(AudioFileError, match="no such file"):
        sampler.play_midi(tmp_path / "none.mid")
