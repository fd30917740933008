"""Which rows are measured: what the command line names, in the order of the lists."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ledger import Outcome, Run
from wetprint.errors import nearest_names

RACE = "auto"
NAM_TRAINER, NABLAFX_TRAINER = "NAM 0.13", "NablAFx 1.0"
"""Not recipes, but peers as they are; see ``peer_trainers.py``."""

TRAINERS = (NAM_TRAINER, NABLAFX_TRAINER)
TRAINER_SOURCES = ("generated", "playing")

SETTINGS = ("listed", "other")
SOURCES = ("generated", "playing", "guitar")
RECORDED, RECORDINGS = "recorded", "recordings"

ALL_EFFECTS, ALL_BOXES = "effects", "hardware"


@dataclass(frozen=True)
class Wanted:
    """What the command line asks for.

    Attributes:
        names: of effects, boxes or families, or "effects", or "hardware"; none for everything.
        settings: of SETTINGS.
        sources: of SOURCES; a box is always learned from its recordings.
        baselines: recipes to be trained beside the race, and others' trainers.
        minutes: the budget of each learning.
    """

    names: Sequence[str]
    settings: Sequence[str]
    sources: Sequence[str]
    baselines: Sequence[str]
    minutes: float


def chosen_names(
    asked: Iterable[str], effects: Mapping[str, str], boxes: Mapping[str, str]
) -> list[str]:
    """Return the effects and boxes that are asked for, each once, in the order of the lists.

    Args:
        asked: names, families, "effects", "hardware"; everything when there are none.
        effects: by name, the family.
        boxes: by name, the family.

    Raises:
        ValueError: a name that is none of these, with the nearest ones.
    """
    families = {**effects, **boxes}
    groups: dict[str, Collection[str]] = {ALL_EFFECTS: effects, ALL_BOXES: boxes}
    for name, family in families.items():
        groups[family] = [*groups.get(family, ()), name]
        groups[name] = [name]
    asked = list(asked) or [ALL_EFFECTS, ALL_BOXES]
    for name in asked:
        if name not in groups:
            raise ValueError(f"there is no row '{name}'{nearest_names(name, groups)}")
    found = {name for each in asked for name in groups[each]}
    return [name for name in families if name in found]


def planned(wanted: Wanted, effects: Mapping[str, str], boxes: Mapping[str, str]) -> list[Run]:
    """Return the runs that are asked for, row by row.

    Args:
        wanted: what the command line asks for.
        effects: by name, the family.
        boxes: by name, the family.

    Raises:
        ValueError: as chosen_names.
    """
    runs = []
    for name in chosen_names(wanted.names, effects, boxes):
        places = (
            [(setting, source) for setting in wanted.settings for source in wanted.sources]
            if name in effects
            else [(RECORDED, RECORDINGS)]
        )
        runs += [
            Run(name, setting, source, model, wanted.minutes)
            for setting, source in places
            for model in (RACE, *wanted.baselines)
            if model not in TRAINERS or source in TRAINER_SOURCES
        ]
    return runs


def unmeasured(runs: Iterable[Run], known: Mapping[Run, Outcome], again: bool) -> list[Run]:
    """Return the runs still to be done: all of them when they are to be measured again."""
    return [run for run in runs if again or run not in known]
