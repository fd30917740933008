"""The training audio of the study from which this project grew: random notes of plain waveforms.

A track is a row of segments of ten seconds. Each segment draws how many notes sound at once and
how long the gaps between them are; each note is a sine, a chirp (a slide between two random
pitches at a random speed), a square or a saw, all between 80 and 1200 Hz.

Squares and saws are band-limited with PolyBLEP (Valimaki and Huovilainen, IEEE Signal Processing
Magazine 24(2), 2007, doi:10.1109/MSP.2007.323276), so that what folds back is not taken for a
part of the note. The study's own script is not published; what it leaves open (levels, lengths of
notes, their edges) is drawn at random here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wetprint import audio
from wetprint.outputs import make_folder
from wetprint.progress import Progress, silent
from wetprint.signals.drawing import log_uniform

WAVEFORMS = ("sine", "chirp", "square", "saw")
LOWEST_HZ, HIGHEST_HZ = 80.0, 1200.0
SEGMENT_SECONDS = 10.0

_MOST_VOICES = 6
_GAP_RANGE_S = (0.02, 1.5)
_NOTE_RANGE_S = (0.08, 2.5)
_SLIDE_RANGE_OCTAVES_PER_S = (0.3, 20.0)
_EDGE_S = 0.004
"""A rise this short still clicks a little, as picked strings do, but carries no wide-band burst."""
_SEGMENT_PEAK_RANGE_DB = (-24.0, -1.0)


@dataclass(frozen=True)
class StudyNote:
    """One note. ``stop_hz`` and the slide count for chirps only."""

    waveform: str
    start_s: float
    seconds: float
    start_hz: float
    stop_hz: float
    octaves_per_s: float
    level: float


def study_track(
    segments: int = 6,
    seed: int = 0,
    sample_rate: int = 48000,
    segment_seconds: float = SEGMENT_SECONDS,
) -> np.ndarray:
    """Make one track.

    Args:
        segments: how many segments; the first ones do not depend on how many follow.
        seed: what to draw.
        sample_rate: in Hz; the notes are the same at every rate.
        segment_seconds: length of a segment.

    Returns:
        ``(1, time)`` float32, peaks at -1 dBFS or lower.
    """
    length = round(segment_seconds * sample_rate)
    parts = [
        _segment(np.random.default_rng([seed, index]), length, sample_rate)
        for index in range(segments)
    ]
    return np.concatenate(parts)[None].astype(np.float32)  # (1, time)


def write_study_tracks(
    folder: str | Path, tracks: int, segments: int, seed: int, progress: Progress = silent
) -> list[Path]:
    """Write ``track_01.wav``, ``track_02.wav``, ... at 48 kHz and 24 bits into a folder.

    Args:
        folder: made when it does not exist (its parent must).
        tracks: how many.
        segments: of ten seconds, in each.
        seed: what to draw; every track draws its own.
        progress: told after each track.

    Returns:
        The files, in order.

    Raises:
        OutputError: the folder cannot be made or written to.
    """
    folder = make_folder(folder)
    paths = [folder / f"track_{number:02d}.wav" for number in range(1, tracks + 1)]
    for index, path in enumerate(paths):
        audio.write(path, study_track(segments, _track_seed(seed, index)), 48000)
        progress("generating", (index + 1) / tracks, path.name)
    return paths


def _track_seed(seed: int, index: int) -> int:
    return int(np.random.SeedSequence([seed, index]).generate_state(1)[0])


def _segment(rng: np.random.Generator, length: int, sample_rate: int) -> np.ndarray:
    """Draw a segment: ``(length,)``, its peak anywhere in the range of levels."""
    sound = np.zeros(length)
    for note in draw_notes(rng, length / sample_rate):
        start = round(note.start_s * sample_rate)
        wave = render_note(note, sample_rate)[: length - start]
        sound[start : start + len(wave)] += wave
    peak = np.abs(sound).max()
    wanted = 10 ** (rng.uniform(*_SEGMENT_PEAK_RANGE_DB) / 20)
    return sound * (wanted / peak) if peak > 0 else sound


def draw_notes(rng: np.random.Generator, seconds: float) -> Iterator[StudyNote]:
    """Draw the notes of one segment: some voices, each a row of notes and gaps."""
    voices = rng.integers(1, _MOST_VOICES + 1)
    mean_gap_s = log_uniform(rng, *_GAP_RANGE_S)
    for _ in range(voices):
        time_s = rng.exponential(mean_gap_s) * 0.5
        while time_s < seconds:
            length_s = min(log_uniform(rng, *_NOTE_RANGE_S), seconds - time_s)
            yield StudyNote(
                waveform=WAVEFORMS[rng.integers(len(WAVEFORMS))],
                start_s=time_s,
                seconds=length_s,
                start_hz=log_uniform(rng, LOWEST_HZ, HIGHEST_HZ),
                stop_hz=log_uniform(rng, LOWEST_HZ, HIGHEST_HZ),
                octaves_per_s=log_uniform(rng, *_SLIDE_RANGE_OCTAVES_PER_S),
                level=log_uniform(rng, 0.1, 1.0),
            )
            time_s += length_s + rng.exponential(mean_gap_s)


def render_note(note: StudyNote, sample_rate: int) -> np.ndarray:
    """Sound one note: ``(time,)``, peak near its level, edges rounded."""
    times_s = np.arange(max(1, round(note.seconds * sample_rate))) / sample_rate
    frequency_hz = _frequency(note, times_s)
    turns = np.concatenate([[0.0], np.cumsum(frequency_hz[:-1])]) / sample_rate
    step = frequency_hz / sample_rate
    if note.waveform == "square":
        wave = _square(turns, step)
    elif note.waveform == "saw":
        wave = _saw(turns, step)
    else:
        wave = np.sin(2 * np.pi * turns)
    return note.level * wave * _edges(len(times_s), sample_rate)


def _frequency(note: StudyNote, times_s: np.ndarray) -> np.ndarray:
    """A chirp slides towards its second pitch and stays there; the others keep their first."""
    if note.waveform != "chirp":
        return np.full(len(times_s), note.start_hz)
    octaves = np.log2(note.stop_hz / note.start_hz)
    moved = np.minimum(np.abs(octaves), note.octaves_per_s * times_s)
    return note.start_hz * 2 ** (np.sign(octaves) * moved)


def _edges(length: int, sample_rate: int) -> np.ndarray:
    rise = min(round(_EDGE_S * sample_rate), length // 2)
    window = np.ones(length)
    window[:rise] = 0.5 - 0.5 * np.cos(np.pi * np.arange(rise) / max(1, rise))
    window[length - rise :] = window[:rise][::-1]
    return window


def _saw(turns: np.ndarray, step: np.ndarray) -> np.ndarray:
    phase = turns % 1.0
    return 2 * phase - 1 - _rounded_jump(phase, step)


def _square(turns: np.ndarray, step: np.ndarray) -> np.ndarray:
    phase = turns % 1.0
    up = _rounded_jump(phase, step)
    down = _rounded_jump((phase + 0.5) % 1.0, step)
    return np.where(phase < 0.5, 1.0, -1.0) + up - down


def _rounded_jump(phase: np.ndarray, step: np.ndarray) -> np.ndarray:
    """PolyBLEP: what to add to a jump of 2 at phase 0 so that it is band-limited."""
    after, before = phase / step, (phase - 1) / step
    jump = np.where(after < 1, after + after - after**2 - 1, 0.0)
    return np.where(before > -1, before**2 + before + before + 1, jump)
