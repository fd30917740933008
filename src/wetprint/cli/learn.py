"""``wetprint learn``: from an effect, or a dry and a wet recording, to a model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wetprint.cli import console


def learn(
    dry: Annotated[
        Path | None, typer.Argument(metavar="[DRY", help="a dry recording, or a folder of them")
    ] = None,
    wet: Annotated[
        Path | None, typer.Argument(metavar="WET]", help="the same through the box")
    ] = None,
    effect: Annotated[
        str | None, typer.Option(metavar="SPEC", help="an effect to learn, instead of DRY WET")
    ] = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="MODEL", help="model file to write")
    ] = Path("model.wetprint"),
    minutes: Annotated[
        float, typer.Option(min=0.05, help="time budget of the whole command")
    ] = 5.0,
    model: Annotated[str, typer.Option(help="auto, or the name of a recipe")] = "auto",
    training_audio: Annotated[
        Path | None, typer.Option(metavar="DIR", help="playing to learn from, any format or MIDI")
    ] = None,
    soundfont: Annotated[
        Path | None, typer.Option(metavar="SF2", help="instruments for the generated playing")
    ] = None,
    sample_rate: Annotated[
        int, typer.Option(min=8000, max=192_000, help="in Hz, for --effect")
    ] = 48_000,
    seed: Annotated[int, typer.Option(min=0, help="of everything drawn at random")] = 0,
    steps: Annotated[
        int | None,
        typer.Option(min=1, help="train this many steps instead of by the clock: repeatable"),
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps")] = "auto",
    resume: Annotated[bool, typer.Option("--resume", help="go on with an interrupted run")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Learn an effect within a time budget and write its model."""
    from wetprint import workflow
    from wetprint.cli.clock import STARTED
    from wetprint.learning import LearnConfig
    from wetprint.models import save_model
    from wetprint.outputs import check_writable

    if (effect is None) == (dry is None) or (dry is None) != (wet is None):
        raise typer.BadParameter("give either --effect SPEC, or DRY and WET")
    if effect is None and (training_audio or soundfont):
        raise typer.BadParameter("--training-audio and --soundfont go with --effect")
    check_writable(output)
    config = LearnConfig(
        model=model,
        minutes=minutes,
        steps=steps,
        seed=seed,
        sample_rate=sample_rate,
        device=device,
    )
    driven = {"training_audio": training_audio, "soundfont": soundfont} if effect else {}
    with console.progress() as progress:
        learned = workflow.learn(
            effect,
            dry,
            wet,
            config,
            output=output,
            resume=resume,
            started=STARTED,
            progress=progress,
            **driven,
        )
    save_model(learned.model, output)
    console.notes(learned.notes)
    if as_json:
        console.say_json({"model": str(output), **learned.model.verdict})
    else:
        _say_how_it_went(learned, output)
    if learned.interrupted:
        raise typer.Exit(
            console.failed(
                f"interrupted; the best so far is in {output}"
                + ("; --resume goes on from there" if learned.resumable else "")
            )
        )


def _say_how_it_went(learned, output: Path) -> None:
    from wetprint.models.recipes import RECIPES

    verdict = learned.model.verdict
    console.say(f"wrote {output}")
    for each in learned.candidates:
        kept = "kept" if each is learned.candidates[0] else "left"
        trained = f"{each.steps} steps" if RECIPES[each.recipe].trained else "solved"
        console.say(
            f"  {kept}: {each.recipe}, ESR {each.error:.3g} on passages it did not learn from, "
            f"{trained} in {each.seconds:.0f} s"
        )
    console.say(f"  the dry signal has ESR {verdict['dry_esr']:.3g}")
    if verdict["repeatability_esr"] is not None:
        console.say(f"  the effect against itself has ESR {verdict['repeatability_esr']:.3g}")
