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
from nam_peer import Nam, best_scaled
from wetprint import audio
from wetprint.effects import open_effect
from wetprint.judging.metrics import esr


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
    """Run NAM's trainer on the audio that wetprint learns from, and judge all that it wrote."""
    peer = Nam(asked.nam_python, work)
    rate = peer.prepare(spec, playing)
    effect = open_effect(spec)
    tracks = [audio.read(track, rate)[0] for track in judged_tracks(asked.data)]
    judged = [(dry, effect.process(dry, rate)) for dry in tracks]
    curve = []
    for each in peer.train(asked.nam_minutes):
        errors = [esr(best_scaled(peer.play(each, dry), wet), wet) for dry, wet in judged]
        error = float(np.average(errors, weights=[wet.shape[1] for _, wet in judged]))
        curve.append(Point(each.seconds, error))
        print(f"NAM, {each.seconds:.0f} s: ESR {error:.2g}, its own {each.own_esr:.2g}", flush=True)
    return curve


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
