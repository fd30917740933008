"""A compressor's front panel is read in the same words, whatever its detector hears."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.identify.test_dynamics import (
    CURVE,
    FED_BACK,
    KINDS,
    RATE,
    WIRE,
    compressor,
    playing,
    through,
)
from wetprint.identify.front_panel import front_panel
from wetprint.identify.recording import Recording


@pytest.mark.parametrize(
    ("kind", "slope", "ratio"),
    [(KINDS[0], -0.75, 4.0), (FED_BACK, -1.5, 2.5)],
    ids=["usual", "fed back"],
)
def test_the_ratio_is_of_what_goes_in(kind, slope, ratio):
    """Fed back, of R decibels one comes out: the gain falls by R - 1 for each that does."""
    dry = playing()
    truth = compressor(kind, replace(CURVE, slope_above=slope), 10.0)
    heard = (Recording(dry, through(truth, dry)),)
    found = front_panel(heard, RATE, WIRE[None], 0.5)
    assert found is not None
    assert found.is_fed_back == kind.is_fed_back
    assert found.ratio == pytest.approx(ratio, rel=0.1)
    assert found.attack_ms == pytest.approx(10.0, rel=0.1)
