"""Error over the clock, beside others' own trainers on the same training audio.

wetprint is given several budgets, each a run of ``wetprint learn`` from nothing; what its time buys
includes rendering. Neural Amp Modeler's trainer (``nam_side.py``) and NablAFx's
(``nablafx_side.py``) are given the same audio, already rendered, and run once; everything that they
kept on their way is judged, whichever they would keep in the end. All are judged on two tracks that
none of them heard. Run it alone on the machine, with either trainer or both::

    python -m venv nam && nam/bin/pip install neural-amp-modeler==0.13.0 torch==2.13.0
    python -m venv nablafx && nablafx/bin/pip install nablafx==1.0.0 torch==2.13.0
    python benchmarks/peers.py --nam-python nam/bin/python --nablafx-python nablafx/bin/python

It writes ``peers-EFFECT.md`` and ``pictures/peers-EFFECT.png`` in ``--out``, and keeps all else in
``--work``.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
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
from peer_trainers import (
    PEER_TRAINERS,
    Peer,
    add_python_options,
    asked_pythons,
    best_scaled,
)
from tables import markdown_table
from wetprint import audio
from wetprint.effects import open_effect
from wetprint.judging.metrics import esr


@dataclass(frozen=True)
class Point:
    """What was reached: seconds from the start of the command, and the ESR on the judged tracks."""

    seconds: float
    error: float


def main() -> int:
    """Run all of them, and write the table and the picture."""
    asked = command_line()
    work = asked.work or Path(tempfile.mkdtemp(prefix="peers-"))
    peers = {
        name: Peer(PEER_TRAINERS[name], python, work / PEER_TRAINERS[name].package)
        for name, python in asked_pythons(asked).items()
    }
    for peer in peers.values():
        peer.refuse_a_python_without_it()
    work.mkdir(parents=True, exist_ok=True)
    spec, playing = listed_spec(asked.effect, asked.data), own_audio(asked.data, work)
    ours = [wetprint_point(spec, playing, each, work, asked.data) for each in asked.minutes]
    theirs = {name: peer_curve(peer, spec, playing, asked) for name, peer in peers.items()}
    write_out(asked, {"wetprint": ours, **theirs})
    return 0


def command_line() -> argparse.Namespace:
    """Read what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--effect", default="gx_amp_cab", help="a name in effects/public.toml")
    parser.add_argument("--minutes", type=float, nargs="+", default=[1, 2, 3, 5])
    parser.add_argument("--peer-minutes", type=float, default=30)
    add_python_options(parser)
    parser.add_argument("--data", type=Path, default=SHARED)
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "docs")
    parser.add_argument("--work", type=Path, help="an empty folder; by default a temporary one")
    asked = parser.parse_args()
    if not asked_pythons(asked):
        parser.error("beside whom? say --nam-python PYTHON, --nablafx-python PYTHON or both")
    return asked


def wetprint_point(spec: str, playing: Path, minutes: float, work: Path, data: Path) -> Point:
    """Learn within a budget, and judge."""
    source = ["--effect", spec, "--training-audio", str(playing)]
    model = work / f"{minutes:g}.wetprint"
    found = learn_and_judge(source, [on_effect(spec, data)], model, minutes)
    error = mean_score(found.passages)
    assert error is not None
    print(f"wetprint, {minutes:g} min: took {found.seconds:.0f} s, ESR {error:.2g}", flush=True)
    return Point(found.seconds, error)


def peer_curve(peer: Peer, spec: str, playing: Path, asked: argparse.Namespace) -> list[Point]:
    """Run a peer's trainer on the audio that wetprint learns from, and judge all that it kept."""
    peer.folder.mkdir(parents=True, exist_ok=True)
    rate = peer.prepare(spec, playing)
    effect = open_effect(spec)
    tracks = [audio.read(track, rate)[0] for track in judged_tracks(asked.data)]
    judged = [(dry, effect.process(dry, rate)) for dry in tracks]
    curve = []
    for each in peer.train(asked.peer_minutes):
        errors = [esr(best_scaled(peer.play(each, dry), wet), wet) for dry, wet in judged]
        error = float(np.average(errors, weights=[wet.shape[1] for _, wet in judged]))
        curve.append(Point(each.seconds, error))
        found = f"ESR {error:.2g}, its own {each.own_esr:.2g}"
        print(f"{peer.trainer.name}, {each.seconds:.0f} s: {found}", flush=True)
    return curve


def write_out(asked: argparse.Namespace, curves: Mapping[str, Sequence[Point]]) -> None:
    """Write the picture and the page that shows it, a column a name."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4), layout="constrained")
    for name, points in curves.items():
        minutes = [each.seconds / 60 for each in points]
        marker = "o" if name == "wetprint" else "."
        axes.semilogy(minutes, [each.error for each in points], marker=marker, label=name)
    axes.set(xlabel="minutes", ylabel="ESR on two tracks that nobody learned from")
    axes.grid(visible=True, which="both", alpha=0.3)
    axes.legend()
    name = f"peers-{asked.effect}"
    (asked.out / "pictures").mkdir(parents=True, exist_ok=True)
    figure.savefig(asked.out / "pictures" / f"{name}.png", dpi=110)
    lines = points_table(curves)
    (asked.out / f"{name}.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


def points_table(curves: Mapping[str, Sequence[Point]]) -> list[str]:
    """Return the lines of a table: a row a point in the order of time, a column a name."""
    rows = [
        (each.seconds, [f"{each.error:.2g}" if name == whose else "" for name in curves])
        for whose, points in curves.items()
        for each in points
    ]
    cells = [[f"{seconds / 60:.1f}", *errors] for seconds, errors in sorted(rows)]
    return markdown_table(["minutes", *curves], cells)


if __name__ == "__main__":
    sys.exit(main())
