from __future__ import annotations

import math

import pytest

from wetprint.effects import Knob
from wetprint.effects.knob import read_settings
from wetprint.errors import SpecError

DRIVE = Knob("drive", "Tube Drive", "dB", 0.0, 11.0, 5.0)
STEPS = Knob("steps", "Steps", "", 1.0, 4.0, 1.0, whole=True)
MODE = Knob("mode", "Mode", "", 0.0, 7.0, 0.0, ("Soft", "Hard"), (3.0, 7.0))
SWITCH = Knob("bright", "Bright", "", 0.0, 1.0, 0.0, ("off", "on"))
OPEN = Knob("shift", "Shift", "Hz", -math.inf, math.inf, 0.0)
KNOBS = (DRIVE, STEPS, MODE, SWITCH, OPEN)


def read(name: str, text: str) -> float:
    (value,) = read_settings(KNOBS, [(name, text)], "the effect").values()
    return value


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("drive", "6", 6.0),
        ("drive", "1e1", 10.0),
        ("drive", "11.000001", 11.0),
        ("DRIVE", "6", 6.0),
        ("Tube Drive", "6", 6.0),
        ("steps", "3", 3.0),
        ("mode", "Hard", 7.0),
        ("mode", "hard", 7.0),
        ("mode", "3", 3.0),
        ("bright", "on", 1.0),
        ("bright", "1", 1.0),
        ("bright", "false", 0.0),
        ("shift", "-12345", -12345.0),
    ],
)
def test_reads_numbers_and_choices(name: str, text: str, value: float) -> None:
    assert read(name, text) == value


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("drvie", "6", "has no knob 'drvie'; did you mean 'drive'?"),
        ("drive", "12", "'drive' goes from 0 to 11 dB, but 12 came"),
        ("drive", "-1", "'drive' goes from 0 to 11 dB, but -1 came"),
        ("drive", "loud", "'drive' takes a number from 0 to 11 dB, but 'loud' came"),
        ("drive", "nan", "takes a number"),
        ("drive", "inf", "takes a number"),
        ("steps", "2.5", "takes a whole number from 1 to 4"),
        ("mode", "Hrad", "'Soft' (3), 'Hard' (7), but 'Hrad' came; did you mean 'Hard'?"),
        ("mode", "0", "is one of 'Soft' (3), 'Hard' (7)"),
        ("bright", "2", "is one of 'off' (0), 'on' (1)"),
    ],
)
def test_refuses_with_the_range_or_the_nearest_name(name: str, text: str, says: str) -> None:
    with pytest.raises(SpecError) as refusal:
        read(name, text)
    assert says in str(refusal.value)
    assert "the effect" in str(refusal.value)


def test_one_knob_set_by_name_and_label_is_refused() -> None:
    with pytest.raises(SpecError, match="more than once"):
        read_settings(KNOBS, [("drive", "1"), ("Tube Drive", "2")], "the effect")


def test_an_effect_without_knobs_says_so() -> None:
    with pytest.raises(SpecError, match="it has no knobs"):
        read_settings((), [("drive", "1")], "the effect")
