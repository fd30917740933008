"""Rows beside what others reach: the least in bold, and curves of what keeps a history."""

from __future__ import annotations

from comparing import comparison, draw_curves, published_table, rivals_table

from .outcomes import outcome
from .test_tables import measured, row

PLAYING = {"source": "playing"}


def test_a_row_stands_beside_its_rivals_and_the_least_error_is_bold():
    table = rivals_table(
        measured(
            outcome(**PLAYING, esr=0.001),
            outcome(**PLAYING, model="NAM 0.13", esr=0.004),
            outcome(**PLAYING, model="NablAFx 1.0", esr=0.005),
            outcome(**PLAYING, model="hammerstein", esr=0.3),
            outcome(name="rubberband", esr=0.2),
        )
    )
    assert len(table) == 3
    found = row(table)
    assert found["ours"] == "**0.001**"
    assert (found["NAM 0.13"], found["NablAFx 1.0"]) == ("0.004", "0.005")
    assert found["Nebula's way"] == "0.3"
    assert (found["dry"], found["best FIR"]) == ("0.02", "0.01")
    assert found["times closer than the next"] == "4"
    assert "LSTM-40" not in found


def test_a_rival_that_is_ahead_is_bold_and_ours_is_less_than_once_as_close():
    found = row(rivals_table(measured(outcome(esr=0.02), outcome(model="hammerstein", esr=0.01))))
    assert (found["ours"], found["Nebula's way"]) == ("0.02", "**0.01**")
    assert found["times closer than the next"] == "0.5"


def test_rivals_without_a_figure_of_ours_are_shown_without_a_claim():
    found = row(rivals_table(measured(outcome(model="hammerstein", esr=0.01))))
    assert (found["ours"], found["times closer than the next"]) == ("-", "-")


def test_boxes_stand_beside_what_was_published():
    box = outcome(name="la_2a_1", setting="recorded", source="recordings", esr=0.005)
    found = row(published_table(measured(box)))
    assert (found["ours"], found["published"]) == ("0.005", ".006-.12")
    assert comparison(measured(box))[0] == "## Real boxes, beside what was published"


def test_curves_are_drawn_of_what_keeps_a_history(tmp_path):
    rival = outcome(model="hammerstein", history=((20.0, 0.1),))
    picture = tmp_path / "pictures" / "curves.svg"
    assert not draw_curves(measured(outcome(), rival), picture)
    assert not picture.exists()
    ours = outcome(history=((20.0, 0.1), (200.0, 0.0)))
    assert draw_curves(measured(ours, rival), picture)
    first = picture.read_text(encoding="utf-8")
    assert "gx_ds1" in first
    assert draw_curves(measured(ours, rival), picture)
    assert picture.read_text(encoding="utf-8") == first
