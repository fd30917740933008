"""What benchmarks share: the effects and recordings beside the project, and the command line."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

SHARED = Path(__file__).parents[2] / "shared"
"""Where the list of effects and the recordings lie, unless a benchmark is told otherwise."""

JUDGED_ON = ("Slide_Lead_Guitar", "Fear_Guitar")
"""Nothing learns from these tracks."""


def judged_tracks(data: Path) -> list[Path]:
    """Return the dry tracks that models are judged on."""
    return [data / "data" / "di" / f"{name}.flac" for name in JUDGED_ON]


def listed_spec(name: str, data: Path) -> str:
    """Return the spec of an effect of the list."""
    listed = tomllib.loads((data / "effects" / "public.toml").read_text(encoding="utf-8"))
    return listed[name]["spec"]


def own_audio(data: Path, folder: Path) -> Path:
    """Gather the tracks that are not judged on, as a player's own training audio."""
    gathered = folder / "training_audio"
    gathered.mkdir()
    for track in sorted((data / "data" / "di").glob("*.flac")):
        if track.stem not in JUDGED_ON:
            shutil.copy(track, gathered)
    return gathered


def wetprint(*arguments: str) -> str:
    """Run the command line and return what it printed."""
    command = [sys.executable, "-m", "wetprint.cli", *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        sys.exit(f"{' '.join(arguments)}\nended with {ran.returncode}: {ran.stderr}")
    return ran.stdout


def mean_esr(passages: list[dict], context: str = "model") -> float | None:
    """Return the ESR over all passages of ``wetprint evaluate --json``, weighted by length."""
    known = [(each[context]["esr"], each["seconds"]) for each in passages if each[context]]
    if not known:
        return None
    return sum(esr * seconds for esr, seconds in known) / sum(seconds for _, seconds in known)
