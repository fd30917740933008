"""Points of several curves make one table, in the order of time."""

from __future__ import annotations

import sys

import pytest

import peers
from peers import Point, points_table


def test_every_point_is_a_row_with_its_error_in_the_column_of_its_name():
    table = points_table(
        {
            "wetprint": [Point(60.0, 0.01), Point(180.0, 0.005)],
            "NAM 0.13": [Point(120.0, 0.1)],
            "NablAFx 1.0": [Point(60.0, 0.9)],
        }
    )
    assert table == [
        "| minutes | wetprint | NAM 0.13 | NablAFx 1.0 |",
        "|---|---|---|---|",
        "| 1.0 |  |  | 0.9 |",
        "| 1.0 | 0.01 |  |  |",
        "| 2.0 |  | 0.1 |  |",
        "| 3.0 | 0.005 |  |  |",
    ]


def test_a_comparison_with_nobody_is_refused(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["peers.py"])
    with pytest.raises(SystemExit):
        peers.main()
    assert "--nam-python PYTHON, --nablafx-python PYTHON or both" in capsys.readouterr().err
