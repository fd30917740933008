"""How the time of a run is shared out."""

from __future__ import annotations

import time

import pytest

from wetprint.learning.budget import CLOSING_SECONDS, LINEAR_SECONDS, Budget


class TestBudget:
    def test_clock(self):
        budget = Budget(minutes=1.0, steps=None, started=time.monotonic() - 20)
        budget.begin_training()
        assert budget.share(0) == pytest.approx(0.0, abs=1e-3)
        assert budget.remaining_seconds() == pytest.approx(40 - CLOSING_SECONDS, abs=0.1)
        budget.started -= (40 - CLOSING_SECONDS) / 2
        assert budget.share(0) == pytest.approx(0.5, abs=0.01)
        budget.started -= 60
        assert budget.share(0) == 1.0

    def test_the_linear_part_gets_a_share_of_the_time_left(self, monkeypatch):
        now = 50.0
        monkeypatch.setattr(time, "monotonic", lambda: now)
        stop = Budget(minutes=1, steps=None, started=40.0).stop_solving()
        now += 0.4 * (60 - 10 - CLOSING_SECONDS) - 0.1
        assert not stop()
        now += 0.2
        assert stop()
        assert not Budget(minutes=0.001, steps=3, started=0.0).stop_solving()()

    def test_a_curve_gets_what_it_needs_and_leaves_time_to_finish(self, monkeypatch):
        now = 0.0
        monkeypatch.setattr(time, "monotonic", lambda: now)

        def seconds(minutes):
            nonlocal now
            now = 0.0
            stop = Budget(minutes=minutes, steps=None, started=0.0).stop_curve()
            while not stop():
                now += 0.5
            return now

        assert seconds(10.0) == pytest.approx(0.4 * (600 - CLOSING_SECONDS), abs=1.0)
        assert seconds(1.5) == pytest.approx(40.0, abs=1.0)
        assert seconds(0.5) == pytest.approx(30.0 - CLOSING_SECONDS - 10.0, abs=1.0)

    def test_a_few_seconds_are_not_worth_training(self):
        started = time.monotonic()
        assert Budget(minutes=1.0, steps=None, started=started).worth_training()
        assert not Budget(minutes=0.2, steps=None, started=started).worth_training()
        assert Budget(minutes=0.2, steps=1, started=started).worth_training()

    def test_steps_ignore_the_clock(self):
        budget = Budget(minutes=0.01, steps=4, started=time.monotonic() - 1000)
        assert [budget.share(step) for step in range(6)] == [0.0, 0.25, 0.5, 0.75, 1.0, 1.0]


def test_the_linear_part_gets_its_seconds_even_where_nothing_is_left(monkeypatch):
    clock = [100.0]
    monkeypatch.setattr("wetprint.learning.budget.time.monotonic", lambda: clock[0])
    budget = Budget(minutes=0.2, steps=None, started=80.0)
    stop = budget.stop_solving()
    assert budget.remaining_seconds() == 0.0
    clock[0] += LINEAR_SECONDS - 0.1
    assert not stop()
    clock[0] += 0.2
    assert stop()


def test_dynamics_leave_the_curve_its_time(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr("wetprint.learning.budget.time.monotonic", lambda: clock[0])
    budget = Budget(minutes=1.0, steps=None, started=0.0)
    stop = budget.stop_dynamics()
    while not stop():
        clock[0] += 0.1
    assert budget.remaining_seconds() > 30.0
