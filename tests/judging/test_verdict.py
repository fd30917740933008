"""What is said for which figures."""

from __future__ import annotations

import json
import math

import pytest

from wetprint.judging import Evaluation, Scores, verdict


def scores(esr: float, mel: float = 1.0, gain: float = 0.1, loudness: float = 0.0) -> Scores:
    return Scores(esr, esr, mel, gain, 0.9, loudness)


def said(model, dry=None, best_fir=None, repeat=None):
    dry = scores(0.8, mel=9.0) if dry is None else dry
    return verdict(Evaluation(model, dry, best_fir, repeat, 48000, 1, 5.0))


def text(*args, **kwargs) -> str:
    return " ".join(said(*args, **kwargs).sentences)


@pytest.mark.parametrize(
    ("esr", "grade", "headline"),
    [
        (0.0099, "very close", "Very close to the effect."),
        (0.01, "close", "Close to the effect."),
        (0.0349, "close", "Close to the effect."),
        (0.035, "related", "Near the effect"),
        (0.1, "partial", "Part of the effect"),
        (0.3, "missed", "The effect has not been learned."),
        (0.9, "missed", "No closer to the effect than the dry signal is."),
    ],
)
def test_grades_begin_at_their_marks(esr, grade, headline):
    found = said(scores(esr))
    assert found.grade == grade
    assert found.headline.startswith(headline)


def test_closer_by_waveform_and_by_spectrogram_are_told_apart():
    found = said(scores(0.008, mel=10.0))
    assert found.closer_by_waveform
    assert not found.closer_by_spectrogram
    assert "the model is 20.0 dB closer to the wet signal" in found.sentences[0]
    assert "(ESR 0.008 against 0.8)" in found.sentences[0]
    assert "By mel-spectrogram the model is no closer: 10.00 dB" in found.sentences[1]


def test_an_effect_that_does_not_repeat_is_judged_by_spectrum():
    found = said(scores(1.2, mel=3.0), repeat=scores(1.1, mel=2.5))
    assert not found.waveform_counts
    assert found.as_close_as_itself
    assert found.headline == "As close as the effect is to itself, by spectrum."
    assert "its waveform does not repeat" in found.sentences[0]
    assert not any("By waveform" in sentence for sentence in found.sentences)
    further = said(scores(1.2, mel=5.0), repeat=scores(1.1, mel=2.5))
    assert further.as_close_as_itself is False
    assert further.headline == "Closer to the effect than the dry signal is, by spectrum."
    worse = said(scores(1.2, mel=9.5), repeat=scores(1.1, mel=2.5))
    assert worse.headline.startswith("By spectrum, no closer")


def test_the_effects_own_repeatability_is_the_goal():
    assert said(scores(0.0019), repeat=scores(0.001)).headline == (
        "As close as the effect is to itself."
    )
    found = said(scores(0.01), repeat=scores(0.001))
    assert found.as_close_as_itself is False
    assert "error is 10.0 dB above that" in " ".join(found.sentences)
    assert said(scores(0.01)).as_close_as_itself is None


def test_an_exact_effect_is_reached_below_what_16_bits_hold():
    assert said(scores(1e-10), repeat=scores(0.0)).as_close_as_itself
    assert "what is left is the model's own error" in text(scores(1e-6), repeat=scores(0.0))


def test_the_best_filter_is_named():
    assert "10.0 dB better than any such filter" in text(scores(0.01), best_fir=scores(0.1))
    assert "10.0 dB better than the model" in text(scores(0.1), best_fir=scores(0.01))
    assert "does no better than that" in text(scores(0.1), best_fir=scores(0.1))
    assert "the effect is a filter" in text(scores(1e-6), best_fir=scores(1e-6))
    assert "filter" not in text(scores(0.01))


def test_inverted_polarity_is_suspected():
    assert "inverted polarity" in text(scores(4.0, mel=0.1))
    assert "inverted polarity" not in text(scores(4.0, mel=8.0))


def test_a_far_waveform_with_a_near_spectrum_asks_for_a_second_rendering():
    assert "play the effect twice" in text(scores(0.7, mel=1.0))
    assert "play the effect twice" not in text(scores(0.7, mel=1.0), repeat=scores(0.0))


def test_a_dry_signal_that_is_near_already_weakens_the_figure():
    found = text(scores(0.005), dry=scores(0.02, mel=3.0))
    assert "says little here" in found
    assert "very good capture" not in found


def test_loudness_is_mentioned_from_half_a_unit_on():
    assert "0.6 LU louder" in text(scores(0.01, loudness=0.6))
    assert "2.0 LU quieter" in text(scores(0.01, loudness=-2.0))
    assert "LU" not in text(scores(0.01, loudness=0.4))


def test_where_the_dry_signal_never_plays_no_gain_is_claimed():
    assert "playing time" not in text(Scores(0.01, 0.1, 1.0, math.nan, math.nan, 0.0))


def test_silence_and_bypass_are_said_and_nothing_else():
    silent = said(scores(math.inf), dry=scores(math.inf))
    assert silent.headline == "The wet signal is silent here, so nothing can be judged."
    assert silent.sentences == ("The model is not silent there.",)
    assert said(scores(0.0), dry=scores(math.inf)).sentences == ()
    bypass = said(scores(0.5), dry=scores(0.0))
    assert bypass.headline == "The wet signal is the dry signal: the effect does nothing here."
    assert bypass.sentences == ("The model changes it by an ESR of 0.5.",)


def test_verdicts_are_plain_for_json():
    plain = json.loads(json.dumps(said(scores(0.01)).to_json(), allow_nan=False))
    assert plain["grade"] == "close"
    assert plain["as_close_as_itself"] is None
    assert len(plain["sentences"]) > 2
