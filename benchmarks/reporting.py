"""One report for a whole benchmark: a file in which every learned model can be heard and seen."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from asked import ASKED
from boxes import BOXES
from choosing import RECORDINGS
from clips import lay_out
from given import judged_tracks, mean_score
from keeping import kept_model
from ledger import Outcome, Run
from measuring import spec_of
from wetprint import workflow
from wetprint.cli.evaluate import report_content
from wetprint.judging import ReportContent, write_report
from wetprint.models import load_model


def report_run(
    path: Path, runs: Sequence[Run], known: Mapping[Run, Outcome], models: Path, data: Path
) -> list[Run]:
    """Write one report of all runs whose models are kept, each on its first judged passage.

    Args:
        path: of the report.
        runs: in the order of the report.
        known: what was measured.
        models: the folder of kept models.
        data: the folder with the list of effects and the recordings.

    Returns:
        The runs that are not in it, since their models were not kept.
    """
    shown = [run for run in runs if run in known and kept_model(run, models).is_file()]
    if shown:
        contents = [_content(run, known[run], models, data) for run in shown]
        title = "Effects learned, measured and heard" if len(contents) > 1 else ""
        write_report(path, contents, title)
    return [run for run in runs if run not in shown]


def _content(run: Run, outcome: Outcome, models: Path, data: Path) -> ReportContent:
    """Play and identify once more what a run learned, and set it beside what was measured."""
    model = load_model(kept_model(run, models))
    with tempfile.TemporaryDirectory() as scratch:
        if run.source == RECORDINGS:
            dry, wet = lay_out(BOXES[run.name], data / "data", Path(scratch)).judged[0]
            passage = workflow.evaluate_on_recording(model, dry, wet)
            found, _ = workflow.identify(dry=dry, wet=wet)
        else:
            effect = spec_of(run, data)
            passage = workflow.evaluate_on_effect(model, effect, judged_tracks(data)[0])
            found, _ = workflow.identify(effect)
    content = report_content(_title(run), model, [passage], found)
    return replace(content, subtitle=(_result(run, outcome), *content.subtitle))


def _title(run: Run) -> str:
    beside = "" if run.model == "auto" else f", by {run.model}"
    return f"{run.name}, {run.setting}, from {run.source}{beside}"


def _result(run: Run, outcome: Outcome) -> str:
    """Say what was measured over all passages, beside what is asked."""
    reached = mean_score(outcome.passages)
    asked = ASKED[run.name].esr_from(run.source) if run.name in ASKED else None
    beside = "" if asked is None else f", {asked:g} asked"
    passages = "one passage" if len(outcome.passages) == 1 else f"{len(outcome.passages)} passages"
    learned = f"learned in {outcome.seconds / 60.0:.1f} minutes"
    return f"ESR {reached:.2g} over {passages}{beside}; {learned}"
