"""What benchmarks share: the effects and recordings beside the project, and the command line."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SHARED = Path(__file__).parents[2] / "shared"
"""Where the list of effects and the recordings lie, unless a benchmark is told otherwise."""

JUDGED_ON = ("Slide_Lead_Guitar", "Fear_Guitar")
"""Nothing learns from these tracks."""


class CommandFailed(SystemExit):
    """A command could not do what it was asked; uncaught, it ends the benchmark with the reason."""


@dataclass(frozen=True)
class Judged:
    """What became of one learning.

    Attributes:
        seconds: how long ``wetprint learn`` took, from its start to its end.
        recipe: the name of the recipe that won.
        passages: as ``wetprint evaluate --json`` lists them.
    """

    seconds: float
    recipe: str
    passages: list[dict[str, Any]]


def listing(data: Path) -> Path:
    """Return where the list of effects is to be found."""
    return data / "effects" / "public.toml"


def listed_effects(data: Path) -> dict[str, dict[str, Any]]:
    """Return the list of effects: by name, each one's spec, family and more."""
    return tomllib.loads(listing(data).read_text(encoding="utf-8"))


def listed_spec(name: str, data: Path) -> str:
    """Return the spec of an effect of the list."""
    return listed_effects(data)[name]["spec"]


def judged_tracks(data: Path) -> list[Path]:
    """Return the dry tracks that models are judged on."""
    return [data / "data" / "di" / f"{name}.flac" for name in JUDGED_ON]


def own_audio(data: Path, folder: Path) -> Path:
    """Gather the tracks that are not judged on, as a player's own training audio."""
    gathered = folder / "training_audio"
    gathered.mkdir()
    for track in sorted((data / "data" / "di").glob("*.flac")):
        if track.stem not in JUDGED_ON:
            shutil.copy(track, gathered)
    return gathered


def on_effect(spec: str, data: Path) -> list[str]:
    """Return what makes ``wetprint evaluate`` judge beside an effect on the judged tracks."""
    return ["--effect", spec, *(f"--on={each}" for each in judged_tracks(data))]


def learn_and_judge(
    source: Sequence[str],
    judged: Sequence[Sequence[str]],
    model: Path,
    minutes: float,
    recipe: str = "auto",
) -> Judged:
    """Learn within a budget, and judge, as a user would from the command line.

    Args:
        source: what ``wetprint learn`` learns from.
        judged: for each call of ``wetprint evaluate``, what it judges on.
        model: where the model is written.
        minutes: the budget.
        recipe: a recipe's name, or "auto" for the race.

    Raises:
        CommandFailed: a command ended with an error.
    """
    budget = ["--minutes", f"{minutes:g}", "--model", recipe]
    begun = time.monotonic()
    learned = json.loads(wetprint("learn", *source, "-o", str(model), *budget, "--json"))
    took = time.monotonic() - begun
    passages = [
        passage
        for each in judged
        for passage in json.loads(wetprint("evaluate", str(model), *each, "--json"))["passages"]
    ]
    return Judged(took, learned["candidates"][0]["recipe"], passages)


def wetprint(*arguments: str) -> str:
    """Run the command line and return what it printed.

    Raises:
        CommandFailed: it ended with an error.
    """
    command = [sys.executable, "-m", "wetprint.cli", *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise CommandFailed(f"{' '.join(arguments)}\nended with {ran.returncode}: {ran.stderr}")
    return ran.stdout


def mean_score(
    passages: Sequence[dict[str, Any]], context: str = "model", score: str = "esr"
) -> float | None:
    """Return a score over all passages of ``wetprint evaluate --json``, weighted by length.

    Differences that have a sign count by their size.

    Args:
        passages: as listed there.
        context: "model", "dry", "best_fir" or "repeat".
        score: a name among a context's scores.

    Returns:
        None where no passage has it.
    """
    scores = [((each.get(context) or {}).get(score), each["seconds"]) for each in passages]
    known = [(abs(value), seconds) for value, seconds in scores if value is not None]
    if not known:
        return None
    return sum(value * seconds for value, seconds in known) / sum(seconds for _, seconds in known)
