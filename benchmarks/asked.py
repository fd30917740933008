"""What is asked of each effect of the list, and the other knob setting it is measured at as well.

Nothing may be fitted to one setting: ``KNOBS`` moves an effect to another place, faster or slower,
deeper, longer, hotter or cleaner. Whatever a demand does not name is only told.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from given import mean_score
from wetprint.effects.spec import parse_spec


@dataclass(frozen=True)
class Demand:
    """A bound on one score of ``wetprint evaluate``.

    Attributes:
        score: its name there.
        at_most: the most it may be.
        at_least: the least it may be.
        times: the context whose own score ``at_most`` is a share of; None for plain numbers.
    """

    score: str
    at_most: float = math.inf
    at_least: float = -math.inf
    times: str | None = None

    def is_met(self, passages: Sequence[Mapping[str, Any]]) -> bool:
        """Tell whether a model keeps within the bound; what could not be measured does not."""
        found = mean_score(passages, score=self.score)
        beside = 1.0 if self.times is None else mean_score(passages, self.times, self.score)
        if found is None or beside is None:
            return False
        return self.at_least <= found <= self.at_most * beside


FROM_GENERATED = {"generated": 1.0, "playing": 1.0, "guitar": 10.0}
"""Filters, echoes, rooms and what moves are measured with signals made for it."""

FROM_PLAYING = {"generated": 2.0, "playing": 1.0, "guitar": 5.0}
"""Drive and dynamics depend on how they are played."""


@dataclass(frozen=True)
class Asked:
    """What is asked of one effect.

    Attributes:
        esr: the ESR not to be passed, None where the waveform cannot be matched.
        allowance: for each source of learning, how many times that ESR will do.
        also: further demands, for every source alike.
    """

    esr: float | None
    allowance: Mapping[str, float]
    also: tuple[Demand, ...] = ()

    def esr_from(self, source: str) -> float | None:
        """Return the ESR not to be passed when learned from a source."""
        return None if self.esr is None else self.esr * self.allowance[source]


def filtered(esr: float | None, *also: Demand) -> Asked:
    """Return what is asked of an effect that filters, repeats or moves."""
    return Asked(esr, FROM_GENERATED, also)


def driven(esr: float, *also: Demand) -> Asked:
    """Return what is asked of an effect that drives, squashes or divides."""
    return Asked(esr, FROM_PLAYING, also)


FOLLOWS_GAIN = Demand("gain_within_quarter_db", at_least=0.95)

ASKED: dict[str, Asked] = {
    "calf_lowpass": filtered(1e-9),
    "calf_highpass": filtered(1e-9),
    "dragonfly_plate": filtered(1e-6),
    "zam_delay": filtered(1e-5),
    "gx_chorus": filtered(0.0003),
    "calf_chorus": filtered(0.003),
    "calf_flanger": filtered(0.005),
    "calf_phaser": filtered(0.005),
    "gx_tremolo": filtered(0.01),
    "gx_vibrato": filtered(0.01),
    "gx_echocat": filtered(0.02),
    "gx_tape": filtered(0.02),
    "dragonfly_hall": filtered(0.03, Demand("mel_distance_db", at_most=1 / 3, times="best_fir")),
    "rubberband": filtered(
        None,
        Demand("mel_distance_db", at_most=1 / 4, times="dry"),
        Demand("loudness_difference_lu", at_most=0.5),
    ),
    "invada_tube": driven(0.0003),
    "gx_ts9": driven(0.005),
    "gx_ds1": driven(0.003),
    "gx_mxrdist": driven(0.003),
    "gx_muff": driven(0.005),
    "gx_bigmuff": driven(0.005),
    "zam_comp": driven(0.001, FOLLOWS_GAIN),
    "calf_comp": driven(0.001, FOLLOWS_GAIN),
    "zam_tube": driven(1e-5),
    "gx_amp_cab": driven(0.003),
    "gx_oc2": driven(0.03),
}

KNOBS: dict[str, dict[str, str]] = {
    "calf_lowpass": {"freq": "600", "res": "3"},
    "calf_highpass": {"freq": "1500", "res": "2"},
    "dragonfly_plate": {"decay": "1.2", "predelay": "20"},
    "zam_delay": {"time_ms": "430", "feedback": "0.65"},
    "gx_chorus": {"freq": "0.6", "depth": "0.2"},
    "calf_chorus": {"mod_rate": "2", "mod_depth": "2", "voices": "3"},
    "calf_flanger": {"mod_rate": "1.1", "feedback": "0.6"},
    "calf_phaser": {"mod_rate": "1.7", "feedback": "0.7"},
    "gx_tremolo": {"speed": "8", "depth": "0.5"},
    "gx_vibrato": {"speed": "3", "depth": "0.4"},
    "gx_echocat": {"sustain": "0.55", "head2": "0", "head3": "1"},
    "gx_tape": {"wowfreq": "0.7", "drive": "0.7"},
    "dragonfly_hall": {"decay": "2.5", "size": "40"},
    "rubberband": {"semitones": "7"},
    "invada_tube": {"drive": "12"},
    "gx_ts9": {"fslider2_": "0.3", "fslider1_": "800"},
    "gx_ds1": {"DRIVE": "0.4", "TONE": "0.7"},
    "gx_mxrdist": {"DRIVE": "0.3"},
    "gx_muff": {"TONE": "0.8"},
    "gx_bigmuff": {"SUSTAIN": "0.4", "TONE": "0.3"},
    "zam_comp": {"threshold_db": "-25", "ratio": "3", "attack_ms": "20", "release_ms": "250"},
    "calf_comp": {"threshold": "0.05", "ratio": "3", "attack": "20", "release": "60"},
    "zam_tube": {"tube_drive": "9"},
    "gx_amp_cab": {"PreGain": "0", "Drive": "0.2"},
    "gx_oc2": {"DIRECT": "0.6", "OCTAVE1": "0.3", "OCTAVE2": "0.6"},
}


def with_knobs(spec: str, knobs: Mapping[str, str]) -> str:
    """Return an effect's spec with some knobs turned, the others left as they were.

    Raises:
        ValueError: the spec is a chain, of which it would not be known whose knob is meant.

    >>> with_knobs("builtin:Chorus?rate_hz=1.2&mix=0.5", {"rate_hz": "3", "depth": "0.4"})
    'builtin:Chorus?rate_hz=3&mix=0.5&depth=0.4'
    """
    parts = parse_spec(spec)
    if len(parts) != 1:
        raise ValueError(f"expected one effect to turn knobs of, got a chain of {len(parts)}")
    settings = dict(parts[0].settings) | dict(knobs)
    return str(dataclasses.replace(parts[0], settings=tuple(settings.items())))
