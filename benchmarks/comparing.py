"""What ``docs/how-it-compares.md`` shows: rows beside what others reach in the same minutes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from boxes import BOXES
from choosing import NABLAFX_TRAINER, NAM_TRAINER, RACE, RECORDED, RECORDINGS
from given import mean_score
from ledger import Outcome
from tables import NOTHING, Measured, core, figure, markdown_table
from wetprint.outputs import replacing

CURVES = Path("pictures") / "error-over-minutes.svg"

RIVALS = {
    "hammerstein": "Nebula's way",
    NAM_TRAINER: NAM_TRAINER,
    NABLAFX_TRAINER: NABLAFX_TRAINER,
    "lstm40": "LSTM-40",
    "s4": "S4",
    "cnn2": "study's CNN",
    "study_lstm_small": "study's LSTM",
}
"""Whom a row is compared with, by recipe, and what its column is called."""

COMPARED_SOURCES = ("playing", "generated")
"""A row is of the first of these that others were measured on as well."""

LEAST_SHOWN = 1e-9
"""ESR; an exact model would lie at minus infinity of a logarithmic axis."""

ROUND_RATIO = 10.0
"""Ratios from here on are told in whole numbers."""

Curves = dict[str, tuple[tuple[float, float], ...]]
"""By name, the error (ESR) over the seconds."""

MOST_COLUMNS = 3
PANEL_INCHES = (3.6, 3.0)

SVG_STYLE = {"svg.hashsalt": "wetprint", "svg.fonttype": "none"}
"""Equal curves make equal files, and words stay words."""


def comparison(measured: Measured) -> list[str]:
    """Return the tables, each under its heading, as lines of Markdown."""
    plugins, boxes = rivals_table(measured), published_table(measured)
    lines = ["## Plugins, in the same minutes", "", *plugins, ""] if plugins else []
    return [*lines, "## Real boxes, beside what was published", "", *boxes, ""] if boxes else lines


def rivals_table(measured: Measured) -> list[str]:
    """Return the errors at the listed knobs, a row for each effect that has a rival's figure."""
    compared = _compared(measured)
    models = [
        model
        for model in RIVALS
        if any(measured.of(name, "listed", source, model) for name, source in compared)
    ]
    rows = []
    for name, source in compared:
        ours = measured.of(name, "listed", source)
        beside = [measured.of(name, "listed", source, model) for model in models]
        known = next(each for each in (ours, *beside) if each is not None)
        plain = [mean_score(known.passages, context) for context in ("dry", "best_fir")]
        errors = [*plain, *map(_esr, beside), _esr(ours)]
        cells = [*_least_in_bold(errors), _ahead(errors), NOTHING if ours is None else core(ours)]
        rows.append([name, measured.families[name], source, *cells])
    head = ["effect", "family", "learned from", "dry", "best FIR"]
    head += [*(RIVALS[model] for model in models), "ours", "times closer than the next"]
    return markdown_table([*head, "of a core, %"], rows)


def published_table(measured: Measured) -> list[str]:
    """Return our errors on real boxes beside those that others published."""
    rows = []
    for name, box in BOXES.items():
        outcome = measured.of(name, RECORDED, RECORDINGS)
        if outcome is not None:
            contexts = ("static_gain", "best_fir", "model")
            errors = [figure(mean_score(outcome.passages, context)) for context in contexts]
            rows.append([name, box.device, *errors, box.published])
    return markdown_table(["box", "device", "best gain", "best FIR", "ours", "published"], rows)


def draw_curves(measured: Measured, path: Path) -> bool:
    """Draw the error over the minutes, a panel an effect; say whether there was any to draw.

    Args:
        measured: outcomes; those that keep a history are drawn.
        path: of the SVG.
    """
    panels = [
        (name, curves)
        for name, source in _compared(measured)
        if len(curves := _curves(measured, name, source)) > 1
    ]
    if not panels:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as scratch, mpl.rc_context(SVG_STYLE):
        _drawn(panels).savefig(scratch, format="svg", metadata={"Date": None})
    return True


def _compared(measured: Measured) -> list[tuple[str, str]]:
    """Return the effects that have a rival's figure, each with the source it is compared on."""
    found = []
    for name in measured.families:
        for source in COMPARED_SOURCES:
            if any(measured.of(name, "listed", source, model) for model in RIVALS):
                found.append((name, source))
                break
    return found


def _curves(measured: Measured, name: str, source: str) -> Curves:
    outcomes = {
        label: measured.of(name, "listed", source, model)
        for model, label in {**RIVALS, RACE: "ours"}.items()
    }
    return {
        label: tuple((at, max(error, LEAST_SHOWN)) for at, error in outcome.history)
        for label, outcome in outcomes.items()
        if outcome is not None and outcome.history
    }


def _drawn(panels: Sequence[tuple[str, Curves]]) -> Figure:
    """Draw panels side by side, each of a name and its curves."""
    columns = min(MOST_COLUMNS, len(panels))
    rows = -(-len(panels) // columns)
    whole = Figure(figsize=(PANEL_INCHES[0] * columns, PANEL_INCHES[1] * rows), layout="tight")
    axes = whole.subplots(rows, columns, squeeze=False, sharex=True)
    for (name, curves), axis in zip(panels, axes.flat, strict=False):
        for label, history in curves.items():
            minutes, errors = zip(*((at / 60.0, error) for at, error in history), strict=True)
            axis.plot(minutes, errors, "o-", markersize=3, label=label)
        axis.set(title=name, yscale="log")
        axis.grid(alpha=0.3)
        axis.legend(fontsize="small")
    for axis in axes.flat[len(panels) :]:
        axis.set_axis_off()
    whole.supxlabel("minutes")
    whole.supylabel("ESR on what was kept for judging")
    return whole


def _esr(outcome: Outcome | None) -> float | None:
    return None if outcome is None else mean_score(outcome.passages)


def _least_in_bold(errors: Sequence[float | None]) -> list[str]:
    least = min(each for each in errors if each is not None)
    return [f"**{figure(each)}**" if each == least else figure(each) for each in errors]


def _ahead(errors: Sequence[float | None]) -> str:
    """Return how many times less error ours, the last, leaves than the best of the others."""
    *others, ours = errors
    known = [each for each in others if each is not None]
    if not ours or not known:
        return NOTHING
    ratio = float(f"{min(known) / ours:.2g}")  # more figures would say more than is known
    return f"{ratio:,.0f}" if ratio >= ROUND_RATIO else f"{ratio:g}"
