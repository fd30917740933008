"""Outcomes made up for tests."""

from __future__ import annotations

from ledger import Outcome, Run

CONTEXTS = {"model": 1.0, "best_fir": 10.0, "dry": 20.0, "repeat": 0.001}


def outcome(
    name: str = "gx_ds1",
    setting: str = "listed",
    source: str = "generated",
    model: str = "auto",
    minutes: float = 5.0,
    esr: float = 0.01,
    history: tuple[tuple[float, float], ...] = (),
    **scores: float,
) -> Outcome:
    """Return an outcome of one passage whose contexts are multiples of the model's error."""
    passage = {
        "name": "riff",
        "seconds": 10.0,
        **{context: {"esr": factor * esr, **scores} for context, factor in CONTEXTS.items()},
    }
    run = Run(name, setting, source, model, minutes)
    return Outcome(run, 90.0, "linear", 0.02, (passage,), history)


def by_run(*outcomes: Outcome) -> dict[Run, Outcome]:
    """Return outcomes as a ledger holds them."""
    return {each.run: each for each in outcomes}
