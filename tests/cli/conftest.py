"""Running the command line inside the test's own process, with its real exit status."""

from __future__ import annotations

import signal
import sys
from dataclasses import dataclass

import pytest

from wetprint.cli.main import INTERRUPTS, main


@dataclass
class Ran:
    """How a command ended and what it printed."""

    status: int
    out: str
    err: str


@pytest.fixture
def wetprint(capsys, monkeypatch):
    def run(*arguments: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["wetprint", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        return Ran(int(ended.value.code or 0), captured.out, captured.err)

    before = {name: signal.getsignal(getattr(signal, name)) for name in INTERRUPTS}
    yield run
    for name, handler in before.items():  # a command that has ended ignores interrupts
        signal.signal(getattr(signal, name), handler)
