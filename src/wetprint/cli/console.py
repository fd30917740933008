"""What the command line says: results on standard output, everything else on standard error."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from wetprint.progress import Progress, silent


def say(text: str = "") -> None:
    """Print a result."""
    print(text)


def note(text: str) -> None:
    """Print something the user should know, on standard error."""
    print(text, file=sys.stderr)


def notes(texts: Iterable[str]) -> None:
    """Print several such things."""
    for each in texts:
        note(f"note: {each}")


def failed(reason: str) -> int:
    """Print why nothing came of it, and return the exit status for that."""
    print(f"wetprint: {reason}", file=sys.stderr)
    return 1


def say_json(value: dict[str, Any]) -> None:
    """Print one JSON object, and nothing else, on standard output."""
    json.dump(value, sys.stdout, indent=2, allow_nan=False)
    print()


@contextlib.contextmanager
def progress() -> Iterator[Progress]:
    """Draw progress with the time left on standard error; be silent when that is no terminal."""
    if not sys.stderr.isatty():
        yield silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description:<24}"), BarColumn(30), TimeRemainingColumn())
    bars = Bars(
        *columns, TextColumn("{task.fields[detail]}"), console=Console(stderr=True), transient=True
    )
    tasks: dict[str, Any] = {}

    def report(stage: str, fraction: float, detail: str = "") -> None:
        if stage not in tasks:
            tasks[stage] = bars.add_task(stage, total=1.0, detail=detail)
        bars.update(tasks[stage], completed=fraction, detail=detail)

    with bars:
        yield report
