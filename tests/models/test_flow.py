"""A chain's signal flow names every block, however deep."""

from __future__ import annotations

from tests.blocks.every_block import echo_of_two_heads
from wetprint.models.chain import Chain
from wetprint.models.flow import signal_flow


def test_branches_and_loops_are_taken_apart():
    (echo,) = signal_flow(Chain([echo_of_two_heads()]))
    assert (echo.name, echo.summary) == ("echo", "a delay line of 70 samples")
    (heard, playback), (returned, feedback) = echo.branches
    assert (heard, returned) == ("heard through", "fed back through")
    assert [each.name for each in feedback] == ["fir"]
    (heads,) = playback
    assert [[step.name for step in steps] for _, steps in heads.branches] == [
        ["fir"],
        ["delay", "fir"],
    ]
