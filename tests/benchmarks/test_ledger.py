"""What was measured is kept, and comes back as it was."""

from __future__ import annotations

import json

import pytest

from ledger import essential, keep, read

from .outcomes import by_run, outcome


def test_nothing_is_known_before_the_first_row(tmp_path):
    assert read(tmp_path / "none.jsonl") == {}


def test_rows_come_back_as_they_were(tmp_path):
    path = tmp_path / "state.jsonl"
    first, second = outcome(), outcome(model="lstm", esr=1 / 3)
    keep(path, first)
    assert keep(path, second) == by_run(first, second)
    assert read(path) == by_run(first, second)


def test_a_row_measured_again_takes_the_place_of_the_first(tmp_path):
    path = tmp_path / "state.jsonl"
    keep(path, outcome(esr=0.5))
    keep(path, outcome(esr=0.25))
    assert read(path) == by_run(outcome(esr=0.25))
    assert len(path.read_text(encoding="utf-8").splitlines()) == 1


def test_rows_of_another_budget_stand_beside(tmp_path):
    path = tmp_path / "state.jsonl"
    keep(path, outcome(minutes=5.0))
    assert len(keep(path, outcome(minutes=0.5))) == 2


@pytest.mark.parametrize("broken", ["{", "[]", '{"run": {"name": "x"}}', json.dumps({"run": 1})])
def test_a_line_of_something_else_is_named(tmp_path, broken):
    path = tmp_path / "state.jsonl"
    keep(path, outcome())
    path.write_text(path.read_text(encoding="utf-8") + broken + "\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"state\.jsonl, line 2 is not a measurement"):
        read(path)


def test_what_is_kept_of_a_passage_leaves_out_words_and_what_was_not_measured():
    told = {
        "name": "riff",
        "seconds": 3.0,
        "model": {"esr": 0.1},
        "dry": {"esr": 1.0},
        "best_fir": None,
        "notes": ["a note"],
        "verdict": {"headline": "close"},
    }
    assert essential(told) == {
        "name": "riff",
        "seconds": 3.0,
        "model": {"esr": 0.1},
        "dry": {"esr": 1.0},
    }
