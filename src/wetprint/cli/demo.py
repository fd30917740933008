"""``wetprint demo``: the whole path on a built-in effect, in under two minutes."""

from __future__ import annotations

import sys
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from wetprint.cli import console

EFFECT = (
    "builtin:HighpassFilter?cutoff_frequency_hz=120"
    " | builtin:Distortion?drive_db=24"
    " | builtin:LowpassFilter?cutoff_frequency_hz=3500"
    " | builtin:PeakFilter?cutoff_frequency_hz=2200&gain_db=5&q=1"
    " | builtin:Gain?gain_db=-12"
)
"""An overdrive into something like a cabinet."""

MINUTES = 1.25
PASSAGE_SECONDS = 12.0
PASSAGE_SEED = 77_777


def demo(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="where to put everything")] = Path(
        "wetprint-demo"
    ),
    minutes: Annotated[float, typer.Option(min=0.2, help="time for learning")] = MINUTES,
    show: Annotated[
        bool, typer.Option("--open/--no-open", help="open the report in the browser")
    ] = True,
) -> None:
    """Learn an overdrive with a cabinet from generated playing, judge it, write the report."""
    from wetprint import workflow
    from wetprint.audio import write
    from wetprint.cli.clock import STARTED
    from wetprint.cli.evaluate import write_model_report
    from wetprint.learning import LearnConfig
    from wetprint.models import save_model
    from wetprint.outputs import make_folder
    from wetprint.signals import playing

    make_folder(folder)
    with console.progress() as progress:
        console.note(f"learning {EFFECT}")
        config = LearnConfig(minutes=minutes, generated_seconds=90.0, validation_seconds=10.0)
        learned = workflow.learn(EFFECT, config=config, started=STARTED, progress=progress)
        rate = learned.model.sample_rate
        write(folder / "dry.wav", playing(PASSAGE_SECONDS, PASSAGE_SEED, rate), rate)
        save_model(learned.model, folder / "overdrive.wetprint")
        passage = workflow.evaluate_on_effect(learned.model, EFFECT, folder / "dry.wav", progress)
        write(folder / "wet.wav", passage.wet, rate)
        write(folder / "model.wav", passage.model, rate)
        report = folder / "report.html"
        write_model_report(report, "Overdrive into a cabinet", learned.model, [passage], progress)
    console.say(f"the model's error (ESR) is {passage.evaluation.model.esr:.3g};")
    console.say(f"the dry signal's is {passage.evaluation.dry.esr:.3g}")
    console.say(f"dry, wet and model as sound, the model, and the report are in {folder}")
    console.say(f"report: {report.resolve().as_uri()}")
    if show and sys.stdout.isatty():
        webbrowser.open(report.resolve().as_uri())
