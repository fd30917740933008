"""Every family of effects: how close learning comes, beside what is asked and what others reach.

Each row runs the command line as a user would: ``wetprint learn`` within a budget, then ``wetprint
evaluate`` on guitar that nothing was learned from. Run it alone on the machine::

    python benchmarks/families.py                                # all effects and all real boxes
    python benchmarks/families.py gx_ts9 reverb hardware         # by name, by family, by kind
    python benchmarks/families.py effects --sources generated playing guitar --settings listed other
    python benchmarks/families.py gx_ds1 --baselines linear,lstm
    python benchmarks/families.py gx_ds1 --sources playing --nam-python nam/bin/python
    python benchmarks/families.py gx_ds1 --sources playing --nablafx-python nablafx/bin/python
    python benchmarks/families.py phaser --models kept --report phasers.html

Sources of learning: "generated" is what wetprint makes by itself, "playing" adds six tracks of
guitar and bass, "guitar" is 45 s of such playing as dry and wet recordings and nothing else. What
was measured is kept in ``--state``, whence an interrupted benchmark goes on; ``--again`` measures
anew. ``--models`` keeps what was learned, and ``--report`` shows it, with sound and pictures, in
one file. The tables go between the markers of ``--page``, those that compare with others between
the markers of ``--comparison``, its picture beside it. The recordings and the list of effects
lie outside the project, in ``../shared`` unless ``--data`` says otherwise.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

from boxes import BOXES
from choosing import SETTINGS, SOURCES, Wanted, planned, unmeasured
from comparing import CURVES, comparison, draw_curves
from given import SHARED, CommandFailed, listed_effects, listing, mean_score
from ledger import Outcome, Run, keep, read
from measuring import measure, spec_of
from page import write_between_markers
from peer_trainers import add_python_options, asked_pythons, measure_peer
from reporting import report_run
from tables import Measured, all_tables
from wetprint.models.recipes import RECIPES

ROOT = Path(__file__).parents[1]


def main() -> int:
    """Measure what is asked for and not yet known, and write the tables after every row."""
    asked = command_line()
    if not listing(asked.data).is_file():
        print(f"nothing to measure: there is no {listing(asked.data)}")
        return 1
    families = {name: each["family"] for name, each in listed_effects(asked.data).items()}
    beside = (*asked.baselines, *asked_pythons(asked))
    wanted = Wanted(asked.rows, asked.settings, asked.sources, beside, asked.minutes)
    try:
        runs = planned(wanted, families, {name: box.family for name, box in BOXES.items()})
    except ValueError as error:
        sys.exit(str(error))
    failed = measure_all(runs, families, asked)
    measured = Measured(read(asked.state), asked.minutes, families)
    tables = all_tables(measured)
    write_between_markers(asked.page, tables)
    write_between_markers(asked.comparison, comparison(measured))
    draw_curves(measured, asked.comparison.parent / CURVES)
    print("\n".join(["", *tables]))
    if asked.report is not None:
        missing = report_run(asked.report, runs, measured.outcomes, asked.models, asked.data)
        for run in missing:
            print(f"not in the report, as no model is kept: {in_words(run)}")
    return 1 if failed else 0


def measure_all(runs: list[Run], families: Mapping[str, str], asked: argparse.Namespace) -> int:
    """Measure what is not yet known, keep it, and write the page after each; count what failed."""
    todo = unmeasured(runs, read(asked.state), asked.again)
    print(f"{len(todo)} to measure, {len(runs) - len(todo)} known", flush=True)
    pythons = asked_pythons(asked)
    failed = 0
    for run in todo:
        try:
            if run.model in pythons:
                spec = spec_of(run, asked.data)
                outcome = measure_peer(run, spec, asked.data, pythons[run.model])
            else:
                outcome = measure(run, asked.data, asked.models)
        except CommandFailed as error:
            failed += 1
            print(f"{in_words(run)}: {error}", file=sys.stderr, flush=True)
            continue
        known = keep(asked.state, outcome)
        write_between_markers(asked.page, all_tables(Measured(known, asked.minutes, families)))
        print(f"{in_words(run)}: {result(outcome)}", flush=True)
    return failed


def in_words(run: Run) -> str:
    """Name a run for the reader."""
    return f"{run.name}, {run.setting}, {run.source}, {run.model}"


def result(outcome: Outcome) -> str:
    """Tell an outcome in one line."""
    contexts = ("model", "best_fir", "dry", "repeat")
    found = {context: mean_score(outcome.passages, context) for context in contexts}
    errors = [f"{name} {error:.2g}" for name, error in found.items() if error is not None]
    return f"{outcome.recipe} in {outcome.seconds:.0f} s; ESR: {', '.join(errors)}"


def command_line() -> argparse.Namespace:
    """Read what is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("rows", nargs="*", help="effects, boxes, families, 'effects', 'hardware'")
    parser.add_argument("--sources", nargs="+", choices=SOURCES, default=SOURCES[:1])
    parser.add_argument("--settings", nargs="+", choices=SETTINGS, default=SETTINGS[:1])
    parser.add_argument("--baselines", type=recipes, default=(), metavar="RECIPE,RECIPE")
    add_python_options(parser)
    parser.add_argument("--minutes", type=float, default=5.0, help="budget of each learning")
    parser.add_argument("--again", action="store_true", help="measure what is known, too")
    parser.add_argument("--data", type=Path, default=SHARED)
    parser.add_argument("--state", type=Path, default=ROOT / "benchmarks" / "families.jsonl")
    parser.add_argument("--page", type=Path, default=ROOT / "docs" / "families.md")
    parser.add_argument("--comparison", type=Path, default=ROOT / "docs" / "how-it-compares.md")
    parser.add_argument("--models", type=Path, metavar="DIR", help="keep the learned models there")
    parser.add_argument(
        "--report", type=Path, metavar="OUT.html", help="write a report of what is in --models"
    )
    asked = parser.parse_args()
    if asked.report is not None and asked.models is None:
        parser.error("--report shows kept models: say with --models DIR where they are")
    return asked


def recipes(text: str) -> tuple[str, ...]:
    """Read names of recipes with commas between them."""
    names = tuple(text.split(","))
    for name in names:
        if name not in RECIPES:
            known = ", ".join(RECIPES)
            raise argparse.ArgumentTypeError(f"there is no recipe '{name}'; there are {known}")
    return names


if __name__ == "__main__":
    sys.exit(main())
