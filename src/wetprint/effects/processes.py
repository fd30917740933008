"""Other programs, run so that none of them can hang, litter or outlive us.

Each runs in a process group of its own, with everything it prints kept in a file of the scratch
folder. Whatever ends the watch (its end, the time limit, Ctrl-C, any exception), the whole group
is killed before we go on.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from wetprint.errors import EffectError
from wetprint.outputs import naming_the_output

_LONGEST_NAP_S = 0.02
_QUOTE_CHARACTERS = 200


@dataclass(frozen=True)
class Ended:
    """How a program ended.

    Attributes:
        status: its exit status, or minus the number of the signal that killed it.
        last_words: the last line it printed, shortened; may be empty.
    """

    status: int
    last_words: str

    def describe(self) -> str:
        """Say how it ended, in words, with its last line."""
        if self.status < 0:
            with contextlib.suppress(ValueError):
                number = signal.Signals(-self.status)
                return f"crashed ({number.name}: {signal.strsignal(number)}){self.quote()}"
        return f"ended with status {self.status}{self.quote()}"

    def quote(self) -> str:
        """Give its last line as a clause, empty when it printed nothing."""
        return f'; its last words: "{self.last_words}"' if self.last_words else ""


class TimeLimitError(EffectError):
    """A program that did not end in time, and was killed."""


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """Give a temporary folder that is gone afterwards, whatever happens.

    Raises:
        OutputError: no room or no permission for temporary files.
    """
    with naming_the_output(Path(tempfile.gettempdir()) / "wetprint-*"):
        folder = tempfile.TemporaryDirectory(prefix="wetprint-", ignore_cleanup_errors=True)
    with folder as path, naming_the_output(Path(path)):
        yield Path(path)


def run_program(
    arguments: Sequence[str],
    folder: Path,
    seconds_left: Callable[[], float],
    environment: Mapping[str, str] | None = None,
) -> Ended:
    """Run a program to its end, watched.

    Args:
        arguments: the program and its arguments; no shell is involved.
        folder: where its printed output is kept (file ``chatter.txt``).
        seconds_left: asked again and again; the program is killed once it answers 0 or less.
        environment: its environment; None for ours.

    Raises:
        TimeLimitError: it was killed for taking too long; the message is its last line only.
        FileNotFoundError, PermissionError: there is no such program, or it may not be run.
    """
    chatter = folder / "chatter.txt"
    with chatter.open("wb") as printed:
        process = subprocess.Popen(
            list(arguments),
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=subprocess.STDOUT,
            env=dict(environment) if environment is not None else None,
            start_new_session=True,
        )
        try:
            in_time = _watch(process, seconds_left)
        finally:
            status = _end_group(process)
    ended = Ended(status, last_line(chatter))
    if not in_time:
        raise TimeLimitError(ended.quote())
    return ended


def last_line(path: Path) -> str:
    """Give the last line of text in a file that says anything, shortened; empty if there is none.

    Memory-safe for chatty plugins: only the end of the file is read.
    """
    if not path.is_file():
        return ""
    with path.open("rb") as printed:
        printed.seek(max(0, path.stat().st_size - 4096))
        lines = printed.read().decode("utf-8", errors="replace").splitlines()
    said = [" ".join(line.split()) for line in lines if line.strip()]
    return said[-1][:_QUOTE_CHARACTERS].replace('"', "'") if said else ""


def _watch(process: subprocess.Popen[bytes], seconds_left: Callable[[], float]) -> bool:
    nap = 0.001
    while not _has_ended(process):
        left = seconds_left()
        if left <= 0:
            return False
        time.sleep(min(nap, left))
        nap = min(2 * nap, _LONGEST_NAP_S)
    return True


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    if not hasattr(os, "waitid"):
        return process.poll() is not None
    # The ended process is left unreaped, so that its group's number cannot pass to a stranger
    # before the group is killed.
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _end_group(process: subprocess.Popen[bytes]) -> int:
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    return process.wait()
