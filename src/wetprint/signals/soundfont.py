"""Playing notes and MIDI files on the sampled instruments of a SoundFont.

TinySoundFont (Bernhard Schelling, MIT licence) renders, through the package tinysoundfont. The
instruments that need nothing but pip are those of TimGM6mb.sf2 (Tim Brechbill), which comes inside
the package pretty_midi; any other .sf2 or .sf3 can be named instead, and a larger one trains
better models.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wetprint.errors import AudioFileError, WetprintError

if TYPE_CHECKING:
    import tinysoundfont
    from tinysoundfont.midi import Event

_BEND_RANGE_SEMITONES = 24.0
_BEND_CENTRE, _BEND_HIGHEST = 8192, 16383
_CHANNELS = 16
_DRUM_CHANNEL = 9
_DRUM_BANK = 128
_MIDI_TAIL_S = 3.0
_MIDI_PEAK = 10 ** (-3 / 20)
_SETTLING_SAMPLES = 2048
"""After "all sound off" a voice fades for some milliseconds; this much is rendered and dropped."""


@dataclass(frozen=True)
class Note:
    """One note of one string, on which the next note ends it.

    Attributes:
        pitch: MIDI key, fractional (69 is 440 Hz).
        velocity: 0 to 1; loudness goes with it in proportion, as in General MIDI's table.
        program: General MIDI program, from 0.
        bend: points (seconds after the start, semitones), joined by straight lines.
    """

    start_s: float
    seconds: float
    pitch: float
    velocity: float
    program: int
    bend: tuple[tuple[float, float], ...] = ()


def default_soundfont() -> Path:
    """Find TimGM6mb.sf2, without importing the package around it.

    Raises:
        WetprintError: pretty_midi is not installed.
    """
    package = importlib.util.find_spec("pretty_midi")
    for folder in (package.submodule_search_locations or ()) if package else ():
        if (path := Path(folder) / "TimGM6mb.sf2").is_file():
            return path
    raise WetprintError(
        "the sampled instruments TimGM6mb.sf2 are missing; pip install pretty_midi, "
        "or name a SoundFont of your own"
    )


class Sampler:
    """A SoundFont, loaded and ready to play.

    Attributes:
        programs: the General MIDI programs that it has.

    Raises:
        AudioFileError: no such SoundFont, or not one.
        WetprintError: tinysoundfont is not installed.
    """

    def __init__(
        self, soundfont: str | os.PathLike[str] | None = None, sample_rate: int = 48000
    ) -> None:
        path = Path(soundfont) if soundfont is not None else default_soundfont()
        self.sample_rate = int(sample_rate)
        self._synth, self._font = _load(path, self.sample_rate)
        self.programs = tuple(
            program
            for program in range(128)
            if self._synth.sfpreset_name(self._font, 0, program) is not None
        )
        if not self.programs:
            raise AudioFileError(f"the SoundFont {path} holds no instrument in its first bank")

    def play(self, notes: Iterable[Note], seconds: float) -> np.ndarray:
        """Play one string.

        Args:
            notes: in any order; a note that starts ends the one before.
            seconds: length of the result.

        Returns:
            ``(time,)`` float32, at the SoundFont's own level (a hard note peaks near -12 dBFS).
        """
        length = round(seconds * self.sample_rate)
        self._synth.pitchbend_range(0, _BEND_RANGE_SEMITONES)
        actions = _string_actions(sorted(notes, key=lambda note: note.start_s))
        sound = self._render(_samples(actions, self.sample_rate), length)
        self._silence(channels=1)
        return sound

    def play_midi(self, path: str | os.PathLike[str]) -> np.ndarray:
        """Play a MIDI file, all channels mixed, peaks at -3 dBFS.

        Returns:
            ``(1, time)`` float32, 3 s longer than the last event.

        Raises:
            AudioFileError: no such file, not MIDI, or no note in it.
        """
        events = _read_midi(Path(path))
        for channel in range(_CHANNELS):
            self._select(channel, self.programs[0])
        actions = [(event.t, event.channel, event.action) for event in events]
        length = round((actions[-1][0] + _MIDI_TAIL_S) * self.sample_rate)
        sound = self._render(_samples(actions, self.sample_rate), length)
        self._silence()
        peak = float(np.abs(sound).max())
        if peak == 0:
            raise AudioFileError(f"{path} plays no note of this SoundFont")
        return sound[None] * np.float32(_MIDI_PEAK / peak)

    def _render(self, actions: list[tuple[int, int, Any]], length: int) -> np.ndarray:
        """Run the synthesiser from action to action: ``(length,)``, both sides mixed."""
        stereo = np.zeros((length, 2), np.float32)
        buffer = stereo.data.cast("B")
        position = 0
        for when, channel, action in actions:
            when = min(when, length)
            if when > position:
                self._synth.generate_simple(when - position, buffer[8 * position : 8 * when])
                position = when
            self._perform(channel, action)
        if length > position:
            self._synth.generate_simple(length - position, buffer[8 * position :])
        return 0.5 * (stereo[:, 0] + stereo[:, 1])

    def _perform(self, channel: int, action: Any) -> None:
        from tinysoundfont import midi

        synth = self._synth
        match action:
            case midi.NoteOn(key, velocity):
                synth.noteon(channel, key, velocity)
            case midi.NoteOff(key):
                synth.noteoff(channel, key)
            case midi.PitchBend(bend):
                synth.pitchbend(channel, bend)
            case midi.ControlChange(control, value):
                synth.control_change(channel, control, value)
            case midi.ProgramChange(program):
                self._select(channel, program)

    def _select(self, channel: int, program: int) -> None:
        """Choose an instrument; one that the SoundFont lacks leaves the channel as it is."""
        drums = channel == _DRUM_CHANNEL
        bank = _DRUM_BANK if drums else 0
        if self._synth.sfpreset_name(self._font, bank, program) is not None:
            self._synth.program_select(channel, self._font, bank, program, drums)

    def _silence(self, channels: int = _CHANNELS) -> None:
        """Back to the beginning: no voice, no bend, no pedal on the channels that were used."""
        for channel in range(channels):
            self._synth.sounds_off(channel)
            self._synth.control_change(channel, 121, 0)
            self._synth.pitchbend(channel, _BEND_CENTRE)
            self._synth.pitchbend_range(channel, 2.0)
        self._synth.generate_simple(_SETTLING_SAMPLES)


def _load(path: Path, sample_rate: int) -> tuple[tinysoundfont.Synth, int]:
    try:
        import tinysoundfont
    except ImportError as error:
        raise WetprintError(
            "playing sampled instruments needs the package tinysoundfont; "
            "pip install --no-deps tinysoundfont"
        ) from error
    if not path.is_file():
        raise AudioFileError(f"no such SoundFont: {path}")
    synth = tinysoundfont.Synth(gain=0.0, samplerate=sample_rate)
    try:
        return synth, synth.sfload(str(path))
    except Exception as error:
        raise AudioFileError(
            f"expected a SoundFont (.sf2, .sf3), but {path} cannot be read as one"
        ) from error


def _read_midi(path: Path) -> list[Event]:
    from tinysoundfont import midi

    if not path.is_file():
        raise AudioFileError(f"no such file: {path}")
    try:
        events = midi.load(str(path))
    except Exception as error:
        raise AudioFileError(f"expected a MIDI file, but {path} cannot be read as one") from error
    if not any(isinstance(event.action, midi.NoteOn) for event in events):
        raise AudioFileError(f"{path} holds no note; choose another MIDI file")
    return events


def _string_actions(notes: list[Note]) -> list[tuple[float, int, Any]]:
    """The MIDI messages of one string, on channel 0, in order of time."""
    from tinysoundfont import midi

    actions: list[tuple[float, int, Any]] = []
    for index, note in enumerate(notes):
        end_s = note.start_s + note.seconds
        if index + 1 < len(notes):
            end_s = min(end_s, notes[index + 1].start_s)
        key = min(127, max(0, round(note.pitch)))
        velocity = min(127, max(1, round(127 * note.velocity)))
        actions.append((note.start_s, 0, midi.ProgramChange(note.program)))
        for after_s, semitones in _bend_points(note, end_s - note.start_s):
            wheel = _BEND_CENTRE * (1 + (note.pitch - key + semitones) / _BEND_RANGE_SEMITONES)
            bend = midi.PitchBend(min(_BEND_HIGHEST, max(0, round(wheel))))
            actions.append((note.start_s + after_s, 0, bend))
            if after_s == 0:
                actions.append((note.start_s, 0, midi.NoteOn(key, velocity)))
        actions.append((end_s, 0, midi.NoteOff(key)))
    return actions


def _bend_points(note: Note, seconds: float) -> list[tuple[float, float]]:
    """The bend every 4 ms while it moves; once, at the start, when there is none."""
    if not note.bend:
        return [(0.0, 0.0)]
    corners_s, semitones = np.array(note.bend).T
    times_s = np.arange(0.0, max(min(seconds, corners_s[-1]), 0.0) + 0.004, 0.004)
    return list(
        zip(times_s.tolist(), np.interp(times_s, corners_s, semitones).tolist(), strict=True)
    )


def _samples(actions: list[tuple[float, int, Any]], sample_rate: int) -> list[tuple[int, int, Any]]:
    return [
        (max(0, round(time_s * sample_rate)), channel, action)
        for time_s, channel, action in actions
    ]
