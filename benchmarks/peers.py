"""Error over the clock, beside Neural Amp Modeler's own trainer on the same training audio.

wetprint is given several budgets, each a run of ``wetprint learn`` from nothing; what its time buys
includes rendering. NAM's trainer (``nam_side.py``) is given the same audio, already rendered, and
runs once; every checkpoint that it took for one of its best is judged, whichever it would keep.
Both are judged on two tracks that neither heard. Run it alone on the machine::

    python -m venv nam && nam/bin/pip install neural-amp-modeler==0.13.0 torch==2.13.0
    python benchmarks/peers.py --nam-python nam/bin/python [--effect gx_amp_cab] [--out docs]

It writes ``peers-EFFECT.md`` and ``pictures/peers-EFFECT.png`` there, and keeps all else in
``--work``.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from given import (
    SHARED,
    judged_tracks,
    learn_and_judge,
    listed_spec,
    mean_score,
    on_effect,
    own_audio,
)
from wetprint import audio
from wetprint.effects import open_effect
from wetprint.judging.metrics import esr
from wetprint.learning.config import LearnConfig
from wetprint.learning.gathering import gather_from_effect
from wetprint.learning.material import Take

NAM_SIDE = Path(__file__).with_name("nam_side.py")
SILENCE_SECONDS = 0.5
"""NAM wants silence in front of what it validates on."""


WET_PEAK = 0.9
"""24-bit files hold no more than 1."""


@dataclass(frozen=True)
class Point:
    """What was reached: seconds from the start of the command, and the ESR on the judged tracks."""

    seconds: float
    error: float


def main() -> int:
    """Run both, and write the table and the picture."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--effect", default="gx_amp_cab", help="a name in effects/public.toml")
    parser.add_argument("--minutes", type=float, nargs="+", default=[1, 2, 3, 5])
    parser.add_argument("--nam-minutes", type=float, default=30)
    parser.add_argument("--nam-python", type=Path, required=True)
    parser.add_argument("--data", type=Path, default=SHARED)
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "docs")
    parser.add_argument("--work", type=Path, help="an empty folder; by default a temporary one")
    asked = parser.parse_args()
    work = asked.work or Path(tempfile.mkdtemp(prefix="peers-"))
    work.mkdir(parents=True, exist_ok=True)
    spec, playing = listed_spec(asked.effect, asked.data), own_audio(asked.data, work)
    ours = [wetprint_point(spec, playing, each, work, asked.data) for each in asked.minutes]
    theirs = nam_curve(spec, playing, work, asked)
    write_out(asked, ours, theirs)
    return 0


def wetprint_point(spec: str, playing: Path, minutes: float, work: Path, data: Path) -> Point:
    """Learn within a budget, and judge."""
    source = ["--effect", spec, "--training-audio", str(playing)]
    model = work / f"{minutes:g}.wetprint"
    found = learn_and_judge(source, [on_effect(spec, data)], model, minutes)
    error = mean_score(found.passages)
    assert error is not None
    print(f"wetprint, {minutes:g} min: took {found.seconds:.0f} s, ESR {error:.2g}", flush=True)
    return Point(found.seconds, error)


def nam_curve(spec: str, playing: Path, work: Path, asked: argparse.Namespace) -> list[Point]:
    """Run NAM's trainer on the audio that wetprint learns from, and judge what it wrote."""
    effect = open_effect(spec)
    config = LearnConfig()
    heard = gather_from_effect(effect, config, playing)
    for part, takes in (("train", heard.training), ("validation", heard.validation)):
        write_pair(work / part, takes, heard.sample_rate)
    judged = []
    for number, track in enumerate(judged_tracks(asked.data)):
        dry, _ = audio.read(track, heard.sample_rate)
        judged.append((work / f"dry_{number}.npy", effect.process(dry, heard.sample_rate)))
        np.save(judged[-1][0], dry[0].astype(np.float32))
    run = [str(asked.nam_python), str(NAM_SIDE)]
    subprocess.run([*run, "train", str(work), f"{asked.nam_minutes:g}"], check=True)
    return judge_snapshots(work, run, judged)


def judge_snapshots(
    work: Path, run: list[str], judged: list[tuple[Path, np.ndarray]]
) -> list[Point]:
    """Judge whatever NAM's trainer held for one of its best, in the order of time.

    Args:
        work: the folder it ran in.
        run: how to call ``nam_side.py``.
        judged: dry tracks as files, and what the effect makes of them, ``(1, time)``.
    """
    curve = []
    for snapshot in sorted((work / "snapshots").iterdir()):
        own = float(snapshot.name.split("ESR=")[1].split("_")[0])
        errors, lengths = [], []
        for dry, wet in judged:
            played = work / "played.npy"
            subprocess.run([*run, "play", *map(str, (work, snapshot, dry, played))], check=True)
            errors.append(best_scaled_esr(np.load(played), wet[0]))
            lengths.append(wet.shape[1])
        error = float(np.average(errors, weights=lengths))
        curve.append(Point(float(snapshot.name.split("_")[0]), error))
        print(f"NAM, {curve[-1].seconds:.0f} s: ESR {error:.2g}, its own {own:.2g}", flush=True)
    return curve


def write_pair(stem: Path, takes: tuple[Take, ...], rate: int) -> None:
    """Write takes in a row; what lies before a take's scored part is heard as its past."""
    gap = np.zeros((1, int(SILENCE_SECONDS * rate)), np.float32)
    for side in ("dry", "wet"):
        parts = [part for take in takes for part in (gap, getattr(take, side))]
        joined = np.concatenate(parts, axis=1)
        if side == "wet":  # its loudness is one of the trainer's own anyway
            joined *= WET_PEAK / float(np.abs(joined).max())
        audio.write(stem.with_name(f"{stem.name}_{side}.wav"), joined, rate)


def best_scaled_esr(played: np.ndarray, wet: np.ndarray) -> float:
    """Return the ESR at the loudness that leaves least: the trainer learns at one of its own."""
    played, wet = played.astype(np.float64), wet.astype(np.float64)
    return esr(((played @ wet) / (played @ played) * played)[None], wet[None])


def write_out(asked: argparse.Namespace, ours: list[Point], theirs: list[Point]) -> None:
    """Write the picture and the page that shows it."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4), layout="constrained")
    for points, name, marker in ((ours, "wetprint", "o"), (theirs, "NAM 0.13", ".")):
        minutes = [each.seconds / 60 for each in points]
        axes.semilogy(minutes, [each.error for each in points], marker=marker, label=name)
    axes.set(xlabel="minutes", ylabel="ESR on two tracks that nobody learned from")
    axes.grid(visible=True, which="both", alpha=0.3)
    axes.legend()
    name = f"peers-{asked.effect}"
    (asked.out / "pictures").mkdir(parents=True, exist_ok=True)
    figure.savefig(asked.out / "pictures" / f"{name}.png", dpi=110)
    lines = ["| minutes | wetprint | NAM 0.13 |", "|---|---|---|"]
    rows = [(each.seconds, f"{each.error:.2g}", "") for each in ours]
    rows += [(each.seconds, "", f"{each.error:.2g}") for each in theirs]
    lines += [f"| {seconds / 60:.1f} | {mine} | {its} |" for seconds, mine, its in sorted(rows)]
    (asked.out / f"{name}.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    sys.exit(main())
