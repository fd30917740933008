"""The study's verdict in words: is the model closer to wet than dry is, and how close is that?

Two marks come from the field: Neural Amp Modeler's trainer closes by calling an error-to-signal
ratio below 0.01 great and one below 0.035 not bad. All others are stated beside the constants. The
words claim what was measured and nothing about what a listener would say; that is what listening
tests are for.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from wetprint.judging.contexts import Evaluation
from wetprint.judging.metrics import Scores, ratio_db
from wetprint.judging.table import decimals, esr_text, percent

# Upper bounds of the error-to-signal ratio, what it is called, and the headline it earns.
GRADES = (
    (0.01, "very close", "Very close to the effect."),
    (0.035, "close", "Close to the effect."),
    (0.1, "related", "Near the effect, with a clear difference left."),
    (0.3, "partial", "Part of the effect, not all of it."),
    (math.inf, "missed", "The effect has not been learned."),
)
GREAT, USABLE = 0.01, 0.035

# An effect whose second rendering differs from its first by this much does not repeat its waveform.
UNREPEATABLE_ESR = 0.1
# Within 3 dB of the effect's own repeatability counts as reaching it. An effect that repeats
# exactly is given the error of 16-bit rounding in a loud recording: who could tell less apart?
REPEAT_MARGIN = 2.0
EXACT_ESR = 1e-10
# The same by spectrum: a quarter more than the effect differs from itself, and 0.1 dB.
REPEAT_MEL_FACTOR, REPEAT_MEL_DB = 1.25, 0.1
# Below this, dry and wet are one and the same.
SAME_ESR = 1e-12
# A waveform this far off, with a spectrum this near, smells of phase rather than of sound.
FAR_ESR, NEAR_MEL_DB = 0.3, 2.0
INVERTED_ESR = (3.5, 4.5)
# Differences of less than 1 dB between two errors are called none.
EQUAL_DB = 1.0
LINEAR_ESR = 1e-4
LOUDNESS_NOTED_LU = 0.5


@dataclass(frozen=True)
class Verdict:
    """What the figures say.

    Attributes:
        headline: one short sentence.
        sentences: the reasons, in the order to be read.
        grade: one of the names in ``GRADES``, by error-to-signal ratio.
        closer_by_waveform: whether the model's waveform is closer to wet than the dry one is.
        closer_by_spectrogram: the same by mel distance.
        waveform_counts: whether comparing waveforms means anything for this effect.
        as_close_as_itself: whether the model is as close as the effect is to itself; None when the
            effect was not played twice.
    """

    headline: str
    sentences: tuple[str, ...]
    grade: str
    closer_by_waveform: bool
    closer_by_spectrogram: bool
    waveform_counts: bool
    as_close_as_itself: bool | None

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {**vars(self), "sentences": list(self.sentences)}


def verdict(evaluation: Evaluation) -> Verdict:
    """Put an evaluation into words."""
    model, dry, repeat = evaluation.model, evaluation.dry, evaluation.repeat
    counts = repeat is None or repeat.esr < UNREPEATABLE_ESR
    itself = None if repeat is None else _reaches(model, repeat, counts)
    closer_by_waveform = model.esr < dry.esr
    closer_by_spectrogram = model.mel_distance_db < dry.mel_distance_db
    grade = next(name for bound, name, _ in GRADES if model.esr < bound or bound == math.inf)
    sentences = _reasons(evaluation, counts)
    return Verdict(
        headline=_headline(model, dry, counts, itself),
        sentences=sentences,
        grade=grade,
        closer_by_waveform=closer_by_waveform,
        closer_by_spectrogram=closer_by_spectrogram,
        waveform_counts=counts,
        as_close_as_itself=itself,
    )


def _reasons(evaluation: Evaluation, counts: bool) -> tuple[str, ...]:
    """Say why, leaving out what says nothing in this case."""
    model, dry, repeat = evaluation.model, evaluation.dry, evaluation.repeat
    if not _judgeable(model, dry):
        return ("The model is not silent there.",) if model.esr > 0.0 else ()
    if dry.esr < SAME_ESR:
        return (f"The model changes it by an ESR of {esr_text(model.esr)}.",)
    sentences = (
        _whether_waveforms_count(model, dry, repeat),
        _by_waveform(model, dry) if counts else "",
        _by_spectrogram(model, dry),
        _mark(model, dry) if counts else "",
        _against_filter(model, evaluation.best_fir) if counts else "",
        _against_itself(model, repeat, counts),
        _gain(model),
        _loudness(model),
    )
    return tuple(filter(None, sentences))


def _judgeable(model: Scores, dry: Scores) -> bool:
    """Tell whether there is a wet signal at all: against silence an error is infinite or 0."""
    return math.isfinite(model.esr) and math.isfinite(dry.esr)


def _headline(model: Scores, dry: Scores, counts: bool, itself: bool | None) -> str:
    if not _judgeable(model, dry):
        return "The wet signal is silent here, so nothing can be judged."
    if dry.esr < SAME_ESR:
        return "The wet signal is the dry signal: the effect does nothing here."
    if itself:
        return "As close as the effect is to itself" + ("." if counts else ", by spectrum.")
    if not counts:
        closer = model.mel_distance_db < dry.mel_distance_db
        return (
            "Closer to the effect than the dry signal is, by spectrum."
            if closer
            else "By spectrum, no closer to the effect than the dry signal is."
        )
    if model.esr >= dry.esr:
        return "No closer to the effect than the dry signal is."
    return next(words for bound, _, words in GRADES if model.esr < bound)


def _reaches(model: Scores, repeat: Scores, counts: bool) -> bool:
    if counts:
        return model.esr <= REPEAT_MARGIN * max(repeat.esr, EXACT_ESR)
    return model.mel_distance_db <= REPEAT_MEL_FACTOR * repeat.mel_distance_db + REPEAT_MEL_DB


def _whether_waveforms_count(model: Scores, dry: Scores, repeat: Scores | None) -> str:
    if repeat is not None and repeat.esr >= UNREPEATABLE_ESR:
        return (
            f"Played twice, the effect differs from itself by an ESR of {esr_text(repeat.esr)}: "
            "its waveform does not repeat, so the spectrum and the envelope decide."
        )
    near = model.mel_distance_db < min(NEAR_MEL_DB, 0.5 * dry.mel_distance_db)
    if near and INVERTED_ESR[0] <= model.esr <= INVERTED_ESR[1]:
        return (
            "An ESR near 4 with a spectrum that matches is what inverted polarity leaves: "
            "check the polarity of the model and of the recording."
        )
    if near and repeat is None and model.esr >= FAR_ESR:
        return (
            "The waveform is far off while the spectrum is near; play the effect twice to know "
            "whether it repeats its waveform at all."
        )
    return ""


def _by_waveform(model: Scores, dry: Scores) -> str:
    figures = f"(ESR {esr_text(model.esr)} against {esr_text(dry.esr)})"
    if model.esr == 0.0:
        return f"By waveform the model equals the wet signal to the last bit {figures}."
    gained = ratio_db(dry.esr / model.esr)
    if gained > 0.0:
        return (
            f"By waveform the model is {decimals(gained, 1)} dB closer to the wet signal "
            f"than the dry signal is {figures}."
        )
    return f"By waveform the model is no closer to the wet signal than the dry signal is {figures}."


def _by_spectrogram(model: Scores, dry: Scores) -> str:
    ours, untouched = (decimals(each.mel_distance_db, 2) for each in (model, dry))
    if model.mel_distance_db < dry.mel_distance_db:
        return (
            f"By mel-spectrogram the model is closer: {ours} dB away on average, "
            f"where the dry signal is {untouched} dB away."
        )
    return (
        f"By mel-spectrogram the model is no closer: {ours} dB away on average, "
        f"the dry signal {untouched} dB."
    )


def _mark(model: Scores, dry: Scores) -> str:
    if dry.esr < USABLE:
        return (
            f"The dry signal alone already has an ESR of {esr_text(dry.esr)}, so the figure itself "
            "says little here; look at how much closer the model is, and at its gain."
        )
    if model.esr < GREAT:
        return "Amp modellers call an ESR below 0.01 a very good capture; this is one."
    if model.esr < USABLE:
        return "Amp modellers call an ESR between 0.01 and 0.035 a usable capture; this is one."
    return "Amp modellers ask for an ESR below 0.035; this is above it."


def _against_filter(model: Scores, best_fir: Scores | None) -> str:
    if best_fir is None or best_fir.esr <= 0.0 or model.esr <= 0.0:
        return ""
    gained = ratio_db(best_fir.esr / model.esr)
    left = f"The best linear filter leaves an ESR of {esr_text(best_fir.esr)}"
    if gained > EQUAL_DB:
        return f"{left}; the model is {decimals(gained, 1)} dB better than any such filter."
    if gained < -EQUAL_DB:
        return f"{left}, which is {decimals(-gained, 1)} dB better than the model."
    if best_fir.esr < LINEAR_ESR:
        return f"{left}: on this sound the effect is a filter, and the model plays it as one."
    return f"{left}; the model does no better than that."


def _against_itself(model: Scores, repeat: Scores | None, counts: bool) -> str:
    if repeat is None:
        return ""
    if not counts:
        return (
            f"By mel-spectrogram the effect is {decimals(repeat.mel_distance_db, 2)} dB away from "
            f"itself, the model {decimals(model.mel_distance_db, 2)} dB."
        )
    own = (
        f"repeats itself to an ESR of {esr_text(repeat.esr)}"
        if repeat.esr > EXACT_ESR
        else "repeats itself exactly"
    )
    if _reaches(model, repeat, counts):
        return f"The effect {own}; the model comes as close."
    if repeat.esr > EXACT_ESR:
        away = ratio_db(model.esr / repeat.esr)
        return f"The effect {own}; the model's error is {decimals(away, 1)} dB above that."
    return f"The effect {own}, so what is left is the model's own error."


def _gain(model: Scores) -> str:
    if not math.isfinite(model.gain_error_db):
        return ""
    share, away = percent(model.gain_within_quarter_db), decimals(model.gain_error_db, 2)
    return (
        f"The model's level is within 0.25 dB of the effect's for {share} of the playing time, "
        f"and {away} dB away on average."
    )


def _loudness(model: Scores) -> str:
    difference = model.loudness_difference_lu
    if abs(difference) < LOUDNESS_NOTED_LU:
        return ""
    way = "louder" if difference > 0.0 else "quieter"
    return (
        f"The model is {decimals(abs(difference), 1)} LU {way} than the effect; "
        "match the loudness before comparing by ear."
    )
