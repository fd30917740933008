"""Random phrases as two hands play them: what is plucked when, on which string, and how hard.

Not music, but what music asks of an effect: single lines, strummed and picked chords from power
chords to ninths, palm mutes, bends, slides, vibrato, tremolo picking, ghost notes, long notes
left to die away, and gaps; on guitars and basses in many tunings. Each style is one function in
``STYLES``; a new one is a function and its entry there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from wetprint.signals.hands import HIGHEST_PITCH, Hand, Stroke, draw_hand

_CHORDS = (
    (0, 4, 7),
    (0, 3, 7),
    (0, 5, 7),
    (0, 2, 7),
    (0, 4, 7, 10),
    (0, 4, 7, 11),
    (0, 3, 7, 10),
    (0, 3, 6, 9),
    (0, 4, 8),
    (0, 4, 7, 10, 2),
    (0, 3, 7, 10, 2),
    (0, 4, 7, 11, 9),
)
_LINE_BEATS = (0.25, 0.25, 0.25, 0.5, 0.5, 0.5, 0.5, 1.0, 1.0, 2.0)


Style = Callable[[np.random.Generator, Hand, float], list[Stroke]]


def draw_phrase(rng: np.random.Generator, seconds: float, bass: bool) -> list[Stroke]:
    """Draw one phrase.

    Args:
        rng: what to draw from.
        seconds: no stroke starts later.
        bass: on a bass's four strings instead of a guitar's six.

    Returns:
        Strokes in order of time; two on one string never overlap for long (the later one ends
        the earlier one).
    """
    hand = draw_hand(rng, bass)
    styles = BASS_STYLES if bass else STYLES
    strokes = styles[int(rng.integers(len(styles)))](rng, hand, seconds)
    late_s = rng.uniform(0.0, 0.012)
    shifted = [
        replace(stroke, start_s=max(0.0, stroke.start_s + rng.normal(0, late_s)))
        for stroke in strokes
    ]
    return sorted(shifted, key=lambda stroke: stroke.start_s)


def _line(rng: np.random.Generator, hand: Hand, seconds: float) -> list[Stroke]:
    """Single notes wandering over the scale, ornamented, with rests."""
    places = hand.reach()
    at = int(rng.integers(len(places)))
    ornamented, rests = rng.uniform(0, 0.6), rng.uniform(0, 0.2)
    time_s, strokes = 0.0, []
    while time_s < seconds:
        step_s = hand.beat_s * rng.choice(_LINE_BEATS)
        if rng.random() > rests:
            string, fret = places[at]
            bend = _ornament(rng, step_s) if rng.random() < ornamented else ()
            held_s = step_s * rng.uniform(0.5, 1.6)
            pitch = hand.pitch(string, fret)
            strokes.append(
                Stroke(string, time_s, held_s, pitch, hand.strike(rng), rng.random() < 0.07, bend)
            )
        at = int(np.clip(at + rng.integers(-3, 4), 0, len(places) - 1))
        time_s += step_s
    return strokes


def _ornament(rng: np.random.Generator, seconds: float) -> tuple[tuple[float, float], ...]:
    """A bend, a slide into or out of the note, or vibrato."""
    kind = rng.integers(4)
    if kind == 0:
        height, rise_s = rng.choice([0.5, 1, 2, 2, 3]), rng.uniform(0.04, 0.4)
        after_s = rise_s + rng.uniform(0.05, 0.6)
        back = ((after_s, height), (after_s + rng.uniform(0.05, 0.3), 0.0))
        bend = ((0.0, 0.0), (rise_s, height))
        return bend + back if rng.random() < 0.4 else bend
    if kind == 1:
        return ((0.0, float(rng.choice([-7, -5, -2, -1, 2, 5]))), (rng.uniform(0.03, 0.25), 0.0))
    if kind == 2:
        start_s = seconds * rng.uniform(0.3, 0.7)
        target = float(rng.choice([-12, -5, -2, 2, 5]))
        return ((0.0, 0.0), (start_s, 0.0), (start_s + rng.uniform(0.05, 0.5), target))
    return _vibrato(rng, seconds)


def _vibrato(rng: np.random.Generator, seconds: float) -> tuple[tuple[float, float], ...]:
    rate_hz, depth, onset_s = rng.uniform(3, 8), rng.uniform(0.05, 0.6), rng.uniform(0, 0.4)
    times_s = np.arange(0.0, max(seconds, 0.3), 0.125 / rate_hz)
    wave = depth * np.sin(2 * np.pi * rate_hz * times_s) * np.clip(times_s - onset_s, 0, 0.3) / 0.3
    return tuple(zip(times_s.tolist(), wave.tolist(), strict=True))


def _bottleneck(rng: np.random.Generator, hand: Hand, seconds: float) -> list[Stroke]:
    """A slide on one or two strings: the pitch glides from note to note and trembles there."""
    strings = rng.choice(np.arange(hand.strings), size=int(rng.integers(1, 3)), replace=False)
    time_s, strokes = 0.0, []
    while time_s < seconds:
        held_s = hand.beat_s * rng.choice([1.0, 2.0, 3.0, 4.0])
        fret = int(rng.integers(3, 16))
        bend = _glides(rng, held_s)
        strokes += [
            Stroke(
                int(string), time_s, held_s, hand.pitch(string, fret), hand.strike(rng), False, bend
            )
            for string in strings
        ]
        time_s += held_s * rng.uniform(0.9, 1.4)
    return strokes


def _glides(rng: np.random.Generator, seconds: float) -> tuple[tuple[float, float], ...]:
    times_s = np.arange(0.0, seconds + 0.02, 0.02)
    corners_s = np.sort(rng.uniform(0, seconds, int(rng.integers(2, 6))))
    height = np.interp(times_s, corners_s, rng.uniform(-5, 5, len(corners_s)))
    tremble = rng.uniform(0, 0.4) * np.sin(2 * np.pi * rng.uniform(4, 7) * times_s)
    return tuple(zip(times_s.tolist(), (height + tremble).tolist(), strict=True))


def _chord(rng: np.random.Generator, hand: Hand) -> list[tuple[int, float]]:
    """(string, pitch) of one chord: on each string the first fret from the hand that belongs."""
    lowest = int(rng.integers(0, max(1, hand.strings - 2)))
    root = hand.open_pitches[lowest] + hand.position + rng.integers(0, 5)
    if rng.random() < 0.3:  # a power chord: root, fifth, octave
        parts = zip(range(lowest, hand.strings), (0.0, 7.0, 12.0), strict=False)
        return [(string, _kept_in_range(root + interval)) for string, interval in parts]
    intervals = _CHORDS[rng.integers(len(_CHORDS))]
    voices = []
    for string in range(lowest, hand.strings):
        frets = (hand.position + step for step in range(12))
        fret = next(f for f in frets if _belongs(hand.open_pitches[string] + f - root, intervals))
        voices.append((string, hand.pitch(string, fret)))
    most = int(rng.integers(2, hand.strings + 1))
    return voices[:most]


def _belongs(distance: float, intervals: tuple[int, ...]) -> bool:
    return round(distance) % 12 in intervals


def _kept_in_range(pitch: float) -> float:
    return pitch - 12 if pitch > HIGHEST_PITCH else pitch


def _strums(rng: np.random.Generator, hand: Hand, seconds: float) -> list[Stroke]:
    """Chords struck down and up in a rhythm, some strokes muted, some only the upper strings."""
    spread_s, muted = rng.uniform(0.002, 0.03), rng.uniform(0, 0.3)
    step_s = hand.beat_s * rng.choice([0.5, 0.5, 1.0, 2.0])
    chord, time_s, strokes = _chord(rng, hand), 0.0, []
    for count in range(int(seconds / step_s) + 1):
        if count % int(rng.choice([4, 8])) == 0:
            chord = _chord(rng, hand)
        if rng.random() < 0.8:
            down, is_muted = count % 2 == 0, rng.random() < muted
            order = chord if down else chord[::-1][: max(2, len(chord) - 2)]
            force = hand.strike(rng, 1.0 if down else 0.7) / np.sqrt(len(chord))
            held_s = 0.06 if is_muted else step_s * rng.uniform(0.6, 2.0)
            strokes += [
                Stroke(string, time_s + place * spread_s, held_s, pitch, force, is_muted)
                for place, (string, pitch) in enumerate(order)
            ]
        time_s += step_s
    return strokes


def _picked_chords(rng: np.random.Generator, hand: Hand, seconds: float) -> list[Stroke]:
    """Arpeggios: the notes of a chord one after the other, left to ring into each other."""
    step_s = hand.beat_s * rng.choice([0.25, 0.5, 0.5, 1.0])
    time_s, strokes = 0.0, []
    while time_s < seconds:
        chord = _chord(rng, hand)
        order = np.tile(rng.permutation(len(chord)), int(rng.integers(1, 4)))
        for place in order:
            string, pitch = chord[place]
            held_s = step_s * rng.uniform(2, 2 + len(order))
            strokes.append(Stroke(string, time_s, held_s, pitch, 0.8 * hand.strike(rng)))
            time_s += step_s
    return strokes


def _power_chords(rng: np.random.Generator, hand: Hand, seconds: float) -> list[Stroke]:
    """Root, fifth and octave on the low strings, between chugs of the palm-muted lowest one."""
    step_s = hand.beat_s * rng.choice([0.25, 0.5])
    chugs = rng.uniform(0.2, 0.9)
    time_s, strokes = 0.0, []
    while time_s < seconds:
        if rng.random() < chugs:
            pitch = hand.pitch(0, 0)
            strokes.append(Stroke(0, time_s, 0.8 * step_s, pitch, hand.strike(rng, 0.8), True))
            time_s += step_s
            continue
        root = hand.pitch(0, int(rng.integers(0, 10)))
        held_s = step_s * rng.choice([1, 2, 4, 8])
        force = hand.strike(rng) / np.sqrt(3)
        parts = list(enumerate((0.0, 7.0, 12.0)))[: int(rng.integers(2, 4))]
        strokes += [Stroke(s, time_s + 0.004 * s, held_s, root + up, force) for s, up in parts]
        time_s += held_s
    return strokes


def _double_stops(rng: np.random.Generator, hand: Hand, seconds: float) -> list[Stroke]:
    """Two neighbouring strings at once, in thirds, fourths and sixths, sometimes bent."""
    time_s, strokes = 0.0, []
    while time_s < seconds:
        string = int(rng.integers(0, hand.strings - 1))
        pitch = hand.pitch(string, hand.position + int(rng.integers(0, 5)))
        step_s = hand.beat_s * rng.choice([0.5, 0.5, 1.0, 2.0])
        bend = _ornament(rng, step_s) if rng.random() < 0.3 else ()
        force = 0.7 * hand.strike(rng)
        upper = _kept_in_range(pitch + rng.choice([3, 4, 5, 7, 8, 9]))
        strokes.append(Stroke(string, time_s, 0.95 * step_s, pitch, force, False, bend))
        strokes.append(Stroke(string + 1, time_s, 0.95 * step_s, upper, force, False, bend))
        time_s += step_s * rng.choice([1.0, 1.0, 1.5])
    return strokes


def _tremolo(rng: np.random.Generator, hand: Hand, seconds: float) -> list[Stroke]:
    """One note at a time, picked as fast as a hand can, swelling and fading."""
    rate_hz, swell_hz = rng.uniform(7, 14), rng.uniform(0.1, 0.6)
    places = hand.reach()
    strokes, place = [], places[0]
    for count in range(int(seconds * rate_hz)):
        if count % int(rng.integers(4, 12)) == 0:
            place = places[rng.integers(len(places))]
        swell = 0.55 + 0.45 * np.sin(2 * np.pi * swell_hz * count / rate_hz)
        string, fret = place
        force = hand.strike(rng, float(swell))
        strokes.append(
            Stroke(string, count / rate_hz, 1 / rate_hz, hand.pitch(string, fret), force)
        )
    return strokes


def _long_notes(rng: np.random.Generator, hand: Hand, seconds: float) -> list[Stroke]:
    """Single notes and chords struck once and left to die away."""
    time_s, strokes = 0.0, []
    while time_s < seconds:
        held_s = rng.uniform(0.8, 3.0)
        chord = _chord(rng, hand)[: int(rng.choice([1, 1, 3, 6]))]
        force = hand.strike(rng) / np.sqrt(len(chord))
        bend = _vibrato(rng, held_s) if rng.random() < 0.4 else ()
        spread_s = rng.uniform(0, 0.08)
        strokes += [
            Stroke(string, time_s + place * spread_s, held_s, pitch, force, False, bend)
            for place, (string, pitch) in enumerate(chord)
        ]
        time_s += held_s
    return strokes


def _ghosts(rng: np.random.Generator, hand: Hand, seconds: float) -> list[Stroke]:
    """A scratched rhythm: barely touched and damped notes with few accents."""
    places = hand.reach()
    step_s = hand.beat_s * 0.25
    strokes = []
    for count in range(int(seconds / step_s)):
        string, fret = places[rng.integers(len(places))]
        accent = 1.0 if rng.random() < 0.2 else 10 ** (-rng.uniform(12, 30) / 20)
        if rng.random() < 0.8:
            force, muted = hand.strike(rng, accent), accent < 1 and rng.random() < 0.6
            held_s = step_s * rng.uniform(0.3, 0.9)
            pitch = hand.pitch(string, fret)
            strokes.append(Stroke(string, count * step_s, held_s, pitch, force, muted))
    return strokes


def _bass_line(rng: np.random.Generator, hand: Hand, seconds: float) -> list[Stroke]:
    """Roots, fifths, octaves and steps between them, with some dead notes and slides."""
    places = hand.reach()
    root = int(rng.integers(max(1, len(places) // 2)))
    swing = rng.uniform(0, 0.2)
    time_s, strokes = 0.0, []
    while time_s < seconds:
        at = int(np.clip(root + rng.choice([0, 0, 0, 1, 2, 4, -1, 7]), 0, len(places) - 1))
        string, fret = places[at]
        step_s = hand.beat_s * (rng.choice([0.5, 0.5, 0.5, 1.0, 1.0, 2.0]) + rng.normal(0, 0.02))
        bend = _ornament(rng, step_s) if rng.random() < 0.08 else ()
        muted = bool(rng.random() < swing)
        held_s = 0.07 if muted else step_s * rng.uniform(0.4, 1.0)
        pitch = hand.pitch(string, fret)
        strokes.append(Stroke(string, time_s, held_s, pitch, hand.strike(rng), muted, bend))
        if rng.random() < 0.1:
            root = int(rng.integers(len(places)))
        time_s += max(step_s, 0.05)
    return strokes


STYLES: tuple[Style, ...] = (
    _line,
    _line,
    _bottleneck,
    _strums,
    _strums,
    _picked_chords,
    _power_chords,
    _double_stops,
    _tremolo,
    _long_notes,
    _ghosts,
)
BASS_STYLES: tuple[Style, ...] = (_bass_line, _bass_line, _line, _long_notes, _ghosts)
