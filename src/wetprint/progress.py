"""How long work reports on itself without knowing who listens."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called by long work with how far it is; the command line draws it, tests record it."""

    def __call__(self, stage: str, fraction: float, detail: str = "") -> None:
        """Report.

        Args:
            stage: what is being done, in the reader's words ("rendering", "training").
            fraction: how much of this stage is done, 0 to 1.
            detail: anything worth a glance, such as the error so far.
        """
        ...


def silent(stage: str, fraction: float, detail: str = "") -> None:
    """Report to nobody."""
