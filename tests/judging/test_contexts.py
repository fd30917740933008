"""The model beside the dry signal, the best FIR and the effect played twice."""

from __future__ import annotations

import json

import numpy as np
import pytest

from wetprint.errors import PairError
from wetprint.judging import evaluate, format_table, metrics
from wetprint.judging.contexts import as_channels

RATE = 48000


def test_each_context_is_judged_against_the_wet_signal(noise):
    wet, dry = noise(2, seed=1), noise(2, seed=2)
    model, filtered, again = (np.float32(g) * wet for g in (0.9, 0.5, 0.99))
    found = evaluate(model, wet, dry, RATE, repeat=again, best_fir=filtered)
    assert found.model.esr == pytest.approx(0.01, rel=1e-3)
    assert found.best_fir is not None
    assert found.best_fir.esr == pytest.approx(0.25, rel=1e-3)
    assert found.repeat is not None
    assert found.repeat.esr == pytest.approx(1e-4, rel=1e-3)
    assert found.dry == metrics.evaluate(dry, wet, dry, RATE)
    assert (found.sample_rate, found.channels, found.seconds) == (RATE, 2, 0.5)


def test_what_was_not_measured_is_left_out(noise):
    found = evaluate(noise(), noise(), noise(seed=1), RATE)
    assert [name for name, _ in found.contexts] == ["dry signal", "model"]
    assert found.to_json()["best_fir"] is None
    assert found.to_json()["repeat"] is None


def test_mono_dry_stands_on_both_sides(noise):
    dry = noise()
    wet = np.repeat(dry, 2, axis=0)
    assert evaluate(wet, wet, dry, RATE).dry.esr == 0.0


def test_stereo_dry_folds_to_a_mono_wet():
    dry = np.array([[1.0, 2.0], [3.0, 4.0]], np.float32)
    folded = as_channels(dry, 1)
    assert folded.tolist() == [[2.0, 3.0]]
    assert folded.dtype == np.float32


def test_other_channel_counts_are_refused():
    with pytest.raises(PairError, match=r"shape \(2, 4\) cannot stand beside .* 3 channels"):
        as_channels(np.zeros((2, 4), np.float32), 3)


def test_the_complaint_names_the_context(noise):
    with pytest.raises(PairError, match=r"judging the best FIR: .*samples long"):
        evaluate(noise(), noise(), noise(), RATE, best_fir=noise(seconds=0.1))


def test_json_is_plain_and_finite(noise):
    wet = noise()
    found = evaluate(wet, wet, np.zeros_like(wet), RATE, repeat=wet)
    plain = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert plain["model"]["esr"] == 0.0
    assert plain["model"]["esr_db"] is None
    assert plain["model"]["gain_error_db"] is None


def test_the_table_is_aligned_text(noise):
    wet = noise()
    table = format_table(evaluate(np.float32(0.9) * wet, wet, noise(seed=1), RATE))
    heading, dry, model = table.splitlines()
    assert heading.split()[:3] == ["ESR", "ESR,", "dB"]
    assert dry.startswith("dry signal ")
    assert model.split()[:3] == ["model", "0.01", "\N{MINUS SIGN}20.0"]
    assert len(heading) == len(dry) == len(model)
