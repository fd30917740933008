"""Tables from outcomes: one row an effect, one column a source, bold where it is near enough."""

from __future__ import annotations

from tables import (
    Measured,
    all_tables,
    baselines_table,
    boxes_table,
    effects_table,
    further_table,
)

from .outcomes import by_run, outcome

FAMILIES = {"gx_ds1": "distortion", "rubberband": "pitch", "unheard_of": "new"}


def measured(*outcomes, minutes: float = 5.0) -> Measured:
    return Measured(by_run(*outcomes), minutes, FAMILIES)


def cells(line: str) -> dict[str, str]:
    return dict(enumerate(cell.strip() for cell in line.strip("|").split("|")))


def row(table: list[str], number: int = 0) -> dict[str, str]:
    """Return a row by its headings."""
    assert len({line.count("|") for line in table}) == 1
    heads, values = cells(table[0]), cells(table[2 + number])
    return {heads[column]: value for column, value in values.items()}


def test_a_row_tells_an_effect_from_every_source():
    table = effects_table(
        measured(
            outcome(source="generated", esr=0.0061),
            outcome(source="playing", esr=0.003),
            outcome(source="guitar", esr=0.015),
        ),
        "listed",
    )
    assert row(table) == {
        "effect": "gx_ds1",
        "family": "distortion",
        "dry": "0.12",
        "best FIR": "0.061",
        "generated": "0.0061",  # 0.006 would do
        "playing": "**0.003**",
        "guitar": "**0.015**",
        "itself": "6.1e-06",
        "asked": "0.003",
        "minutes": "1.5 / 1.5 / 1.5",
    }
    assert len(table) == 3


def test_what_was_not_measured_is_a_dash_and_no_row_at_all_no_table():
    found = row(effects_table(measured(outcome(source="guitar")), "listed"))
    assert (found["generated"], found["playing"]) == ("-", "-")
    assert effects_table(measured(outcome()), "other") == []
    assert all_tables(measured()) == []


def test_another_setting_names_its_knobs():
    table = effects_table(measured(outcome(setting="other")), "other")
    assert row(table)["effect"] == "gx_ds1, DRIVE=0.4 TONE=0.7"


def test_figures_of_another_budget_are_left_out():
    assert effects_table(measured(outcome(minutes=0.5)), "listed") == []
    assert row(effects_table(measured(outcome(minutes=0.5), minutes=0.5), "listed"))


def test_an_effect_of_which_nothing_is_asked_is_told_without_bold():
    found = row(effects_table(measured(outcome("unheard_of", esr=1e-12)), "listed"))
    assert (found["generated"], found["asked"]) == ("1e-12", "-")


def test_further_measures_say_how_many_demands_are_met():
    quiet = outcome("rubberband", mel_distance_db=2.0, loudness_difference_lu=-0.4)
    found = row(further_table(measured(quiet), "listed"))
    assert found["mel, dB"] == found["of dry"] == "2"
    assert found["loudness off by, LU"] == "0.4"
    assert found["gain within 0.25 dB, %"] == "-"
    assert found["demands met"] == "1 of 2"  # the loudness; mel is no quarter of dry's
    assert (found["kept"], found["of a core, %"]) == ("linear", "2.0")


def test_a_box_stands_beside_what_was_published():
    found = row(boxes_table(measured(outcome("tube_screamer", "recorded", "recordings"))))
    assert (found["ours"], found["published"]) == ("0.01", ".003-.012")


def test_baselines_stand_beside_the_race():
    table = baselines_table(
        measured(outcome(esr=0.001), outcome(model="lstm", esr=0.2), outcome(model="linear"))
    )
    assert row(table) == {
        "row": "gx_ds1",
        "setting": "listed",
        "learned from": "generated",
        "ours": "0.001",
        "linear": "0.01",
        "lstm": "0.2",
    }
    assert baselines_table(measured(outcome())) == []
