"""``wetprint demo``: the whole path on three built-in effects, in under three minutes."""

from __future__ import annotations

import sys
import webbrowser
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wetprint.cli import console

if TYPE_CHECKING:
    from wetprint.judging import ReportContent
    from wetprint.progress import Progress


@dataclass(frozen=True)
class Shown:
    """One effect of the demo: its file name, what it is, its spec, its share of the time."""

    name: str
    title: str
    effect: str
    share: float


EFFECTS = (
    Shown(
        "filter",
        "Frequency: a resonant filter and an equaliser",
        "builtin:PeakFilter?cutoff_frequency_hz=900&gain_db=12&q=4"
        " | builtin:LowShelfFilter?cutoff_frequency_hz=300&gain_db=-6"
        " | builtin:LowpassFilter?cutoff_frequency_hz=2500",
        0.1,
    ),
    Shown(
        "chorus",
        "Time: a chorus",
        "builtin:Chorus?rate_hz=1.1&depth=0.3&centre_delay_ms=9&mix=0.5",
        0.35,
    ),
    Shown(
        "overdrive",
        "Amplitude: an overdrive into a cabinet",
        "builtin:HighpassFilter?cutoff_frequency_hz=120"
        " | builtin:Distortion?drive_db=24"
        " | builtin:LowpassFilter?cutoff_frequency_hz=3500"
        " | builtin:PeakFilter?cutoff_frequency_hz=2200&gain_db=5&q=1"
        " | builtin:Gain?gain_db=-12",
        0.55,
    ),
)
"""One of each of the three groups."""

MINUTES = 1.7
PASSAGE_SECONDS = 10.0
PASSAGE_SEED = 77_777


def demo(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="where to put everything")] = Path(
        "wetprint-demo"
    ),
    minutes: Annotated[float, typer.Option(min=0.5, help="time for learning")] = MINUTES,
    show: Annotated[
        bool, typer.Option("--open/--no-open", help="open the report in the browser")
    ] = True,
) -> None:
    """Learn a filter, a chorus and an overdrive from generated playing, and write the report."""
    from wetprint.judging import write_report
    from wetprint.outputs import make_folder

    make_folder(folder)
    report = folder / "report.html"
    contents = []
    with console.progress() as progress:
        for each in EFFECTS:
            contents.append(_learned(each, each.share * minutes, folder, progress))
        write_report(report, contents, "Three effects, learned", progress)
    for each, content in zip(EFFECTS, contents, strict=True):
        judged = content.passages[0].evaluation
        errors = f"error (ESR) {judged.model.esr:.3g}; the dry signal's {judged.dry.esr:.3g}"
        console.say(f"{each.name}: {errors}")
    console.say(f"dry, wet and models as sound, the models, and the report are in {folder}")
    console.say(f"report: {report.resolve().as_uri()}")
    if show and sys.stdout.isatty():
        webbrowser.open(report.resolve().as_uri())


def _learned(shown: Shown, minutes: float, folder: Path, progress: Progress) -> ReportContent:
    """Learn one effect, write its model and how it sounds, and return what the report says."""
    from wetprint import workflow
    from wetprint.audio import write
    from wetprint.cli.evaluate import report_content
    from wetprint.learning import LearnConfig
    from wetprint.models import save_model
    from wetprint.signals import playing

    console.note(f"learning {shown.effect}")
    config = LearnConfig(minutes=minutes, generated_seconds=90.0, validation_seconds=10.0)
    learned = workflow.learn(shown.effect, config=config, progress=progress)
    model, rate = learned.model, learned.model.sample_rate
    save_model(model, folder / f"{shown.name}.wetprint")
    dry = folder / "dry.wav"
    write(dry, playing(PASSAGE_SECONDS, PASSAGE_SEED, rate), rate)
    passage = workflow.evaluate_on_effect(model, shown.effect, dry, progress)
    write(folder / f"{shown.name}-wet.wav", passage.wet, rate)
    write(folder / f"{shown.name}-model.wav", passage.model, rate)
    found, _ = workflow.identify(shown.effect, progress=progress)
    return report_content(shown.title, model, [passage], found)
