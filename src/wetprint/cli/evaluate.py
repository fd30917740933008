"""``wetprint evaluate``: a model beside its effect, in numbers, words and pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wetprint.cli import console

if TYPE_CHECKING:
    from wetprint.identify.findings import Identification
    from wetprint.judging import ReportContent
    from wetprint.models import Model
    from wetprint.workflow import Comparison


def evaluate(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="a .wetprint file")],
    dry: Annotated[Path | None, typer.Argument(metavar="[DRY", help="a dry recording")] = None,
    wet: Annotated[
        Path | None, typer.Argument(metavar="WET]", help="the same through the box")
    ] = None,
    effect: Annotated[
        str | None, typer.Option(metavar="SPEC", help="the effect, instead of a recording of it")
    ] = None,
    on: Annotated[
        list[Path] | None, typer.Option(metavar="IN", help="what to play through both; repeatable")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="OUT.html", help="write a report with sound and pictures")
    ] = None,
    figures: Annotated[
        Path | None, typer.Option(metavar="DIR", help="write each picture as PNG and SVG")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Judge a model, beside the dry signal, the best FIR, and the effect played twice."""
    from wetprint import workflow
    from wetprint.judging import write_report
    from wetprint.judging.report.figures import write_figures
    from wetprint.models import load_model
    from wetprint.outputs import check_writable

    passages: list[Comparison] = []
    if (
        (effect is None) == (dry is None)
        or (effect is None) == bool(on)
        or (dry is None) != (wet is None)
    ):
        raise typer.BadParameter("give either --effect SPEC --on IN, or DRY and WET")
    if report is not None:
        check_writable(report)
    loaded = load_model(model)
    with console.progress() as progress:
        if effect is not None:
            passages = [
                workflow.evaluate_on_effect(loaded, effect, each, progress) for each in on or []
            ]
        elif dry is not None and wet is not None:
            passages = [workflow.evaluate_on_recording(loaded, dry, wet, progress)]
        if report is not None or figures is not None:
            found, _ = workflow.identify(effect, dry, wet, progress)
            content = report_content(model.stem, loaded, passages, found)
            if report is not None:
                write_report(report, [content], progress=progress)
            if figures is not None:
                write_figures(figures, content, progress)
    for each in passages:
        console.notes(each.notes)
    if as_json:
        console.say_json(_as_json(model, passages))
    else:
        _say(passages)
        if report is not None:
            console.say(f"wrote {report}")
        if figures is not None:
            console.say(f"wrote the pictures to {figures}")


def report_content(
    title: str, model: Model, passages: list[Comparison], found: Identification
) -> ReportContent:
    """Return what a report says of one model on one or more passages."""
    from wetprint.judging import Passage, ReportContent
    from wetprint.models.flow import signal_flow

    return ReportContent(
        title=title,
        passages=tuple(
            Passage(each.name, each.dry, each.model, each.wet, each.evaluation, each.repeat)
            for each in passages
        ),
        subtitle=_origin(model),
        chain=signal_flow(model.chain),
        identification=found,
        candidates=tuple(
            (each["recipe"], each["esr"], each["seconds"], number == 0)
            for number, each in enumerate(model.verdict.get("candidates", []))
        ),
        history=tuple((seconds, error) for seconds, error in model.verdict.get("history", [])),
        notes=tuple(note for each in passages for note in each.notes),
        settings=model.settings,
    )


def _origin(model: Model) -> tuple[str, ...]:
    known = model.learned_from
    if "effect" in known:
        learned = f"learned from {known['effect']}"
    else:
        recordings = known.get("recordings", [])
        learned = f"learned from {len(recordings)} recordings: {', '.join(recordings)[:200]}"
    seconds = known.get("training_seconds")
    heard = f", {seconds:.0f} s of audio" if isinstance(seconds, int | float) else ""
    return (learned + heard, f"{model.sample_rate} Hz, {model.parameter_count:,} parameters")


def _as_json(model: Path, passages: list[Comparison]) -> dict[str, Any]:
    from wetprint.judging import verdict

    return {
        "model": str(model),
        "passages": [
            {
                "name": each.name,
                **each.evaluation.to_json(),
                "verdict": verdict(each.evaluation).to_json(),
                "notes": list(each.notes),
            }
            for each in passages
        ],
    }


def _say(passages: list[Comparison]) -> None:
    from wetprint.judging import format_table, verdict

    for each in passages:
        console.say(f"{each.name}, {each.evaluation.seconds:.1f} s")
        console.say(format_table(each.evaluation))
        judged = verdict(each.evaluation)
        for sentence in (judged.headline, *judged.sentences):
            console.say(sentence)
        console.say()
