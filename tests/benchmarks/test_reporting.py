"""A benchmark's report is one file with every model that was kept, and names the others."""

from __future__ import annotations

import numpy as np
import pytest

import families
from keeping import keep_model, kept_model
from ledger import Run
from reporting import report_run
from wetprint import audio, workflow
from wetprint.learning import LearnConfig
from wetprint.models import save_model

from .outcomes import by_run, outcome

SPEC = "builtin:LowpassFilter?cutoff_frequency_hz=900"
OTHER = "builtin:HighpassFilter?cutoff_frequency_hz=300"
RATE = 48000


@pytest.fixture
def data(tmp_path):
    """A list of two effects, and the tracks that models are judged on."""
    (tmp_path / "effects").mkdir()
    listing = "".join(
        f'[{name}]\nfamily = "filter"\nspec = "{spec}"\n'
        for name, spec in (("low", SPEC), ("high", OTHER))
    )
    (tmp_path / "effects" / "public.toml").write_text(listing, encoding="utf-8")
    (tmp_path / "data" / "di").mkdir(parents=True)
    noise = 0.1 * np.random.default_rng(0).standard_normal((1, 3 * RATE)).astype(np.float32)
    for name in ("Slide_Lead_Guitar", "Fear_Guitar"):
        audio.write(tmp_path / "data" / "di" / f"{name}.flac", noise, RATE)
    return tmp_path


@pytest.fixture
def learned(tmp_path):
    config = LearnConfig(minutes=0.2, generated_seconds=10.0, validation_seconds=5.0)
    path = tmp_path / "learned.wetprint"
    save_model(workflow.learn(SPEC, config=config).model, path)
    return path


def test_kept_models_are_shown_with_what_was_measured(data, learned, tmp_path):
    run, other = (Run(name, "listed", "generated", "auto", 5.0) for name in ("low", "high"))
    models, report = tmp_path / "kept", tmp_path / "report.html"
    keep_model(learned, run, models)
    assert kept_model(run, models).read_bytes() == learned.read_bytes()
    known = by_run(*(outcome(each, esr=0.0123) for each in ("low", "high")))
    assert report_run(report, [other, run], known, models, data) == [other]
    text = report.read_text(encoding="utf-8")
    for words in (
        "low, listed, from generated",
        "ESR 0.012 over one passage; learned in 1.5 minutes",
        "What was found",
        'id="sound-0-model"',
    ):
        assert words in text
    assert "high, listed" not in text


def test_without_any_kept_model_no_file_is_written(data, tmp_path):
    run = Run("low", "listed", "generated", "auto", 5.0)
    report = tmp_path / "report.html"
    known = by_run(outcome("low"))
    assert report_run(report, [run], known, tmp_path / "kept", data) == [run]
    assert not report.exists()


def test_a_report_needs_to_know_where_the_models_are(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["families.py", "--report", "out.html"])
    with pytest.raises(SystemExit):
        families.main()
    assert "say with --models DIR where they are" in capsys.readouterr().err
