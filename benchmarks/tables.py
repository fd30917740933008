"""The benchmark's tables, as Markdown, from what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from asked import ASKED, KNOBS, Asked
from boxes import BOXES, Box
from choosing import RACE, RECORDED, RECORDINGS, SOURCES
from given import mean_score
from ledger import Outcome, Run

NOTHING = "-"

NOTHING_ASKED = Asked(None, {})

HEADINGS = {
    "listed": "At the settings of the list",
    "other": "At another setting of the knobs",
}


@dataclass(frozen=True)
class Measure:
    """A column of the table of further measures.

    Attributes:
        heading: of the column.
        score: its name in ``wetprint evaluate --json``.
        context: whose score is told.
        factor: from the score's unit to the column's.
    """

    heading: str
    score: str
    context: str = "model"
    factor: float = 1.0


FURTHER = (
    Measure("mel, dB", "mel_distance_db"),
    Measure("of best FIR", "mel_distance_db", "best_fir"),
    Measure("of dry", "mel_distance_db", "dry"),
    Measure("loudness off by, LU", "loudness_difference_lu"),
    Measure("gain within 0.25 dB, %", "gain_within_quarter_db", factor=100.0),
)
"""A measure that ``wetprint evaluate`` learns is one line here, and a Demand where it is asked."""


@dataclass(frozen=True)
class Measured:
    """The outcomes that tables are made of, all of one budget.

    Attributes:
        outcomes: by run.
        minutes: the budget.
        families: of every effect in the list, in its order.
    """

    outcomes: Mapping[Run, Outcome]
    minutes: float
    families: Mapping[str, str]

    def of(self, name: str, setting: str, source: str, model: str = RACE) -> Outcome | None:
        """Return an outcome, if it was measured."""
        return self.outcomes.get(Run(name, setting, source, model, self.minutes))


def all_tables(measured: Measured) -> list[str]:
    """Return every table that has a row, each under its heading, as lines of Markdown."""
    lines: list[str] = []
    for setting, heading in HEADINGS.items():
        lines += _under(f"## {heading}", effects_table(measured, setting))
        lines += _under("Further measures:", further_table(measured, setting))
    lines += _under("## Real boxes", boxes_table(measured))
    lines += _under("## Other models in the same time", baselines_table(measured))
    return lines


def effects_table(measured: Measured, setting: str) -> list[str]:
    """Return the errors of the effects at one setting, a row an effect, a column a source."""
    rows = []
    for name, family in measured.families.items():
        found = {source: measured.of(name, setting, source) for source in SOURCES}
        if any(found.values()):
            rows.append([_named(name, setting), family, *_errors(_asked(name), found)])
    head = ["effect", "family", "dry", "best FIR", *SOURCES, "itself", "asked", "minutes"]
    return markdown_table(head, rows)


def further_table(measured: Measured, setting: str) -> list[str]:
    """Return what else is measured of the effects, a row for each source."""
    rows = [
        [_named(name, setting), source, outcome.recipe, *_further(_asked(name), outcome)]
        for name in measured.families
        for source in SOURCES
        if (outcome := measured.of(name, setting, source)) is not None
    ]
    head = ["effect", "learned from", "kept", *(each.heading for each in FURTHER)]
    return markdown_table([*head, "demands met", "of a core, %"], rows)


def boxes_table(measured: Measured) -> list[str]:
    """Return the errors on recordings of real boxes."""
    rows = [
        [name, f"{box.device}, {box.learned[0]}", *_beside_published(box, outcome)]
        for name, box in BOXES.items()
        if (outcome := measured.of(name, RECORDED, RECORDINGS)) is not None
    ]
    head = ["box", "learned from", "dry", "best gain", "best FIR", "ours", "published"]
    return markdown_table(
        [*head, "gain within 0.25 dB, %", "kept", "minutes", "of a core, %"], rows
    )


def baselines_table(measured: Measured) -> list[str]:
    """Return the errors of single recipes beside the race, each given the same time."""
    beside = [
        run for run in measured.outcomes if run.minutes == measured.minutes and run.model != RACE
    ]
    models = sorted({run.model for run in beside})
    order = [*measured.families, *BOXES]
    places = sorted(
        {(run.name, run.setting, run.source) for run in beside if run.name in order},
        key=lambda place: (order.index(place[0]), *place[1:]),
    )
    rows = [
        [*place, *(_error(measured.of(*place, model)) for model in (RACE, *models))]
        for place in places
    ]
    return markdown_table(["row", "setting", "learned from", "ours", *models], rows)


def figure(value: float | None) -> str:
    """Return an error as a cell."""
    return NOTHING if value is None else f"{value:.2g}"


def core(outcome: Outcome) -> str:
    """Return as a cell what playing takes of a core, in per cent."""
    return NOTHING if outcome.core_share is None else f"{100 * outcome.core_share:.1f}"


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a table, none where it has no row."""
    if not rows:
        return []
    lines = [f"| {' | '.join(cells)} |" for cells in (head, *rows)]
    return [lines[0], "|" + "---|" * len(head), *lines[1:]]


def _errors(asked: Asked, found: Mapping[str, Outcome | None]) -> list[str]:
    """Return the cells that tell an effect's errors, learned from one source or more."""
    known = [outcome for outcome in found.values() if outcome is not None]
    dry, best_fir, itself = (
        figure(mean_score(known[0].passages, context)) for context in ("dry", "best_fir", "repeat")
    )
    ours = [_error(outcome, asked.esr_from(source)) for source, outcome in found.items()]
    target = NOTHING if asked.esr is None else f"{asked.esr:g}"
    return [dry, best_fir, *ours, itself, target, " / ".join(map(_minutes, known))]


def _further(asked: Asked, outcome: Outcome) -> list[str]:
    """Return the cells that tell what else was measured."""
    measures = [
        _scaled(mean_score(outcome.passages, each.context, each.score), each.factor)
        for each in FURTHER
    ]
    met = [demand.is_met(outcome.passages) for demand in asked.also]
    demands = f"{sum(met)} of {len(met)}" if met else NOTHING
    return [*measures, demands, core(outcome)]


def _beside_published(box: Box, outcome: Outcome) -> list[str]:
    """Return the cells that tell how close a box came."""
    contexts = ("dry", "static_gain", "best_fir", "model")
    errors = [figure(mean_score(outcome.passages, context)) for context in contexts]
    gain = _scaled(mean_score(outcome.passages, score="gain_within_quarter_db"), 100.0)
    return [*errors, box.published, gain, outcome.recipe, _minutes(outcome), core(outcome)]


def _asked(name: str) -> Asked:
    return ASKED.get(name, NOTHING_ASKED)


def _named(name: str, setting: str) -> str:
    """Return an effect's name, with the knobs that were turned."""
    if setting == "listed":
        return name
    return f"{name}, {' '.join(f'{knob}={value}' for knob, value in KNOBS[name].items())}"


def _error(outcome: Outcome | None, asked: float | None = None) -> str:
    """Return an ESR, in bold where it is within what is asked."""
    error = None if outcome is None else mean_score(outcome.passages)
    if error is None:
        return NOTHING
    return f"**{error:.2g}**" if asked is not None and error <= asked else f"{error:.2g}"


def _scaled(value: float | None, factor: float) -> str:
    return NOTHING if value is None else f"{factor * value:.3g}"


def _minutes(outcome: Outcome) -> str:
    return f"{outcome.seconds / 60:.1f}"


def _under(heading: str, table: Sequence[str]) -> list[str]:
    return [heading, "", *table, ""] if table else []
