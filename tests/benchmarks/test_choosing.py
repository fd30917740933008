"""Which rows a command line asks for."""

from __future__ import annotations

import pytest

from choosing import TRAINERS, Wanted, chosen_names, planned, unmeasured
from ledger import Run

EFFECTS = {"plate": "reverb", "fuzz": "drive", "hall": "reverb"}
BOXES = {"pedal": "drive", "tape": "tape"}


def names(*asked: str) -> list[str]:
    return chosen_names(asked, EFFECTS, BOXES)


def wanted(*rows: str, **more) -> Wanted:
    return Wanted(
        **{
            "names": rows,
            "settings": ["listed"],
            "sources": ["generated"],
            "baselines": [],
            "minutes": 5.0,
        }
        | more
    )


def test_nothing_named_is_everything():
    assert names() == ["plate", "fuzz", "hall", "pedal", "tape"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (["hall", "plate"], ["plate", "hall"]),
        (["reverb"], ["plate", "hall"]),
        (["drive"], ["fuzz", "pedal"]),
        (["effects"], ["plate", "fuzz", "hall"]),
        (["hardware", "hall"], ["hall", "pedal", "tape"]),
        (["reverb", "plate"], ["plate", "hall"]),
        (["tape"], ["tape"]),
    ],
)
def test_names_families_and_kinds_in_the_order_of_the_lists_each_once(asked, found):
    assert names(*asked) == found


def test_an_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(ValueError, match="no row 'plte'; did you mean 'plate'"):
        names("plte")


def test_an_effect_runs_for_every_setting_source_and_model():
    plan = planned(
        wanted("fuzz", settings=["listed", "other"], sources=["guitar"], baselines=["lstm"]),
        EFFECTS,
        BOXES,
    )
    assert plan == [
        Run("fuzz", setting, "guitar", model, 5.0)
        for setting in ("listed", "other")
        for model in ("auto", "lstm")
    ]


def test_a_box_is_learned_from_its_recordings_whatever_the_sources():
    plan = planned(wanted("pedal", sources=["generated", "guitar"]), EFFECTS, BOXES)
    assert plan == [Run("pedal", "recorded", "recordings", "auto", 5.0)]


def test_what_is_known_is_measured_again_only_when_told_or_in_another_time():
    plan = planned(wanted("reverb"), EFFECTS, BOXES)
    known = {plan[0]: None}
    assert unmeasured(plan, known, again=False) == [plan[1]]
    assert unmeasured(plan, known, again=True) == plan
    longer = planned(wanted("reverb", minutes=10.0), EFFECTS, BOXES)
    assert unmeasured(longer, known, again=False) == longer


@pytest.mark.parametrize("trainer", TRAINERS)
def test_the_peer_that_needs_a_plugin_learns_from_nothing_else(trainer):
    asked = wanted("fuzz", "pedal", sources=["playing", "guitar"], baselines=[trainer])
    plan = planned(asked, EFFECTS, BOXES)
    assert [(run.name, run.source) for run in plan if run.model == trainer] == [("fuzz", "playing")]
    assert [(run.name, run.source) for run in plan if run.model == "auto"] == [
        ("fuzz", "playing"),
        ("fuzz", "guitar"),
        ("pedal", "recordings"),
    ]
