"""What goes on after the last note: a tail that was cut off, or a loop that feeds itself.

Of the silence at the end of what was played, the first half is compared with the second: a tail
falls, noise and hum were there before, and what holds its own without having been there is an
effect that oscillates by itself. No model could follow that: its sound has nothing to do with what
is played any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wetprint.effects import Effect
from wetprint.errors import LearningError
from wetprint.learning.material import Take

SILENT_DB = -80.0
"""Below its loudest sample the dry signal counts as silence."""

LEAST_SECONDS = 1.0
"""Of silence at the end, for anything to be said."""

WINDOW_SECONDS = 0.25

HEARD_DB = -45.0
"""A tail that is louder at its end, beside the loudest of the wet signal, was cut off."""

FALLS_DB = 1.0
"""A tail falls at least by so much from one half of the silence to the other."""

LISTENED_SECONDS, WAITED_SECONDS = 8.0, 16.0
"""Of playing, and of silence behind it, when an effect is suspected: a slow echo may come only in
the second half of a short silence."""

NOISE_DB = 6.0
"""What the effect plays of silence alone may be so much softer to count as the same noise."""


@dataclass(frozen=True)
class Tail:
    """The end of a take.

    Attributes:
        silence_seconds: since the dry signal fell silent.
        end_db: level of the wet signal's last window, beside its loudest.
        fall_db: from the loudest window of the first half of the silence to that of the second.
        rms: of the last window.
    """

    silence_seconds: float
    end_db: float
    fall_db: float
    rms: float

    @property
    def holds(self) -> bool:
        """Whether it is loud to its end, and does not fall."""
        return self.end_db >= HEARD_DB and self.fall_db <= FALLS_DB


def tail_of(take: Take, sample_rate: int) -> Tail | None:
    """Measure a take's end; None where the dry signal does not fall silent, or the wet one is."""
    window = round(WINDOW_SECONDS * sample_rate)
    levels = _levels(take.wet, window)
    quiet = levels[-(-_silent_from(take.dry) // window) :]
    if len(quiet) * WINDOW_SECONDS < LEAST_SECONDS or levels.max() <= 0.0:
        return None
    first, second = (max(float(each.max()), 1e-12) for each in np.array_split(quiet, 2))
    return Tail(
        silence_seconds=len(quiet) * WINDOW_SECONDS,
        end_db=float(20.0 * np.log10(max(quiet[-1], 1e-12) / levels.max())),
        fall_db=float(20.0 * np.log10(first / second)),
        rms=float(quiet[-1]),
    )


def refuse_self_oscillation(effect: Effect, takes: Sequence[Take], sample_rate: int) -> None:
    """Refuse an effect that goes on by itself.

    Raises:
        LearningError: after the last note it neither falls silent nor dies away, and it was silent
            before the first.
    """
    for take in takes:
        tail = tail_of(take, sample_rate)
        if tail is not None and tail.holds:
            tail = tail_of(_played_on(effect, take, sample_rate), sample_rate)
        if tail is None or not tail.holds:
            continue
        nothing = np.zeros((len(take.dry), round(tail.silence_seconds * sample_rate)), np.float32)
        alone = effect.process(nothing, sample_rate, allow_silence=True)
        noise = float(np.sqrt(np.square(alone, dtype=np.float64).mean()))
        if noise < tail.rms * 10.0 ** (-NOISE_DB / 20.0):
            raise LearningError(
                f"expected an effect that dies away, but {effect.spec} goes on by itself, "
                f"{-tail.end_db:.0f} dB below its loudest {tail.silence_seconds:.0f} s after the "
                "last note: its feedback is at or past self-oscillation; turn it down"
            )


def _played_on(effect: Effect, take: Take, sample_rate: int) -> Take:
    """Play the end of a take through an effect once more, and wait for longer."""
    stop = _silent_from(take.dry)
    heard = take.dry[:, max(0, stop - round(LISTENED_SECONDS * sample_rate)) : stop]
    dry = np.pad(heard, ((0, 0), (0, round(WAITED_SECONDS * sample_rate))))
    return Take(dry, effect.process(dry, sample_rate, allow_silence=True), name=take.name)


def _silent_from(dry: np.ndarray) -> int:
    """Return the sample from which on nothing is played."""
    loud = np.abs(dry).max(0)
    above = np.flatnonzero(loud > loud.max() * 10.0 ** (SILENT_DB / 20.0))
    return int(above[-1]) + 1 if len(above) else 0


def notes_on_tails(takes: Sequence[Take], sample_rate: int) -> tuple[str, ...]:
    """Say of which takes the end was cut off while the effect still sounded."""
    notes = []
    for take in takes:
        tail = tail_of(take, sample_rate)
        if tail is not None and tail.end_db > HEARD_DB and not tail.holds:
            notes.append(
                f"'{take.name}' still sounds {-tail.end_db:.0f} dB below its loudest after "
                f"{tail.silence_seconds:.1f} s of silence: its tail is longer than that, and was "
                "not heard to its end; give it a longer silence to learn all of it"
            )
    return tuple(notes)


def _levels(audio: np.ndarray, window: int) -> np.ndarray:
    """Return the RMS amplitude of each whole window, the last one ending with the audio.

    What stands still in a window is no sound: some effects stop at a constant.
    """
    count = audio.shape[-1] // window
    framed = audio[:, audio.shape[-1] - count * window :].astype(np.float64)
    framed = framed.reshape(len(audio), count, window)
    return np.sqrt(framed.var(-1).mean(0))
