"""Where ``wetprint`` begins, and what becomes of interrupts.

Exit status: 0 done, 1 could not be done (one clear sentence on standard error), 2 wrong usage.
Everything that takes time to import is imported when an interrupt can already be taken.
"""

from __future__ import annotations

from wetprint.cli import clock  # isort: skip  # first, so that the budget holds everything

import os
import signal
import sys

__all__ = ["clock", "main"]

INTERRUPTS = ("SIGINT", "SIGTERM", "SIGHUP")
"""Ctrl-C, a polite end by the system, and the terminal being closed; not all are everywhere."""


class Interrupted(KeyboardInterrupt):
    """An interrupt that CPython does not remember.

    A KeyboardInterrupt proper that has passed through ``exec``, as dataclasses use it, makes
    Python 3.11 end by the signal instead of the exit status, even where it was caught.
    """


_arrived: list[int] = []
"""The signal that interrupted this run, if one did."""


def main() -> None:
    """Run the command line and exit."""
    # Threads that wait by spinning bring training to a crawl as soon as anything else runs.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        _on_interrupt(_interrupt)
        from wetprint.cli.commands import run

        status = run()
    except KeyboardInterrupt:
        status = _interrupted()
    except Exception:
        if not _arrived:  # compiled modules interrupted while they load raise errors of their own
            raise
        status = _interrupted()
    finally:
        _on_interrupt(signal.SIG_IGN)
    sys.exit(status)


def _interrupted() -> int:
    print("wetprint: interrupted; nothing half-written was left", file=sys.stderr)
    return 1


def _interrupt(number: int, frame: object) -> None:
    """Stop once: a second interrupt must not keep the first one from tidying up."""
    _on_interrupt(signal.SIG_IGN)
    _arrived.append(number)
    raise Interrupted


def _on_interrupt(handler: signal._HANDLER) -> None:
    for name in INTERRUPTS:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), handler)
