"""Answers on disk: what was accepted stays, whatever happens to the machine.

One SQLite file holds the test, its listeners, their trials and their answers. An answer is written
and synchronised to the disk before it is acknowledged, and never changed.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from wetprint.errors import ListeningError
from wetprint.judging.listening.plan import Trial

VERSION = 1

SCHEMA = """
CREATE TABLE IF NOT EXISTS test (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS code (code TEXT PRIMARY KEY, listener INTEGER UNIQUE);
CREATE TABLE IF NOT EXISTS listener (
    number INTEGER PRIMARY KEY, name TEXT NOT NULL, joined TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS cookie (digest TEXT PRIMARY KEY, listener INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS trial (
    listener INTEGER NOT NULL, number INTEGER NOT NULL, trial TEXT NOT NULL,
    PRIMARY KEY (listener, number));
CREATE TABLE IF NOT EXISTS answer (
    listener INTEGER NOT NULL, number INTEGER NOT NULL, answer TEXT NOT NULL,
    answered TEXT NOT NULL, PRIMARY KEY (listener, number));
"""


@dataclass(frozen=True)
class Answered:
    """A trial and what was answered; None where nothing was yet."""

    listener: int
    number: int
    trial: Trial
    answer: Any = None
    answered: str = ""


class Store:
    """The file of one test.

    Args:
        path: of the file; it is made where there is none.
        test: what identifies the test: a file of another one is refused.

    Raises:
        ListeningError: the file is of another test, or no such file.
    """

    def __init__(self, path: str | os.PathLike[str], test: dict[str, Any] | None = None):
        self.path, self._lock = Path(path), threading.RLock()
        if test is None and not self.path.is_file():
            raise ListeningError(f"expected results of a listening test, but there is no {path}")
        try:
            self._open()
        except sqlite3.DatabaseError as error:
            self._base.close()
            raise ListeningError(
                f"expected results of a listening test in {path}, got another file ({error}); "
                "give another name"
            ) from error
        if test is not None:
            self._claim(test)

    def _open(self) -> None:
        self._base = sqlite3.connect(self.path, check_same_thread=False, isolation_level=None)
        self._base.execute("PRAGMA journal_mode = WAL")
        self._base.execute("PRAGMA synchronous = FULL")
        with self._written():
            for each in SCHEMA.split(";"):
                self._base.execute(each)

    def _claim(self, test: dict[str, Any]) -> None:
        wanted = json.dumps({"version": VERSION, **test}, sort_keys=True)
        with self._written():
            known = self._base.execute("SELECT value FROM test WHERE key = 'test'").fetchone()
            if known is None:
                self._base.execute("INSERT INTO test VALUES ('test', ?)", (wanted,))
            elif known[0] != wanted:
                raise ListeningError(
                    f"expected results of this test in {self.path}, got those of another; give "
                    "the same models, passages and settings, or another file"
                )

    @property
    def test(self) -> dict[str, Any]:
        """What identifies the test."""
        with self._lock:
            row = self._base.execute("SELECT value FROM test WHERE key = 'test'").fetchone()
        return json.loads(row[0]) if row else {}

    def codes(self, count: int) -> list[str]:
        """Return so many codes, new ones where there are fewer yet."""
        with self._written():
            known = [row[0] for row in self._base.execute("SELECT code FROM code ORDER BY rowid")]
            for _ in range(count - len(known)):
                known.append(secrets.token_hex(4))
                self._base.execute("INSERT INTO code VALUES (?, NULL)", (known[-1],))
        return known

    def join(self, name: str, code: str | None) -> tuple[int, str]:
        """Let a listener in.

        Args:
            name: as the listener wishes to be called; may be empty.
            code: where there are codes, one of them; it lets its listener in again, too.

        Returns:
            The listener's number, and the secret by which the listener is known from now on.

        Raises:
            ListeningError: a wrong code.
        """
        with self._written():
            needed = self._base.execute("SELECT COUNT(*) FROM code").fetchone()[0] > 0
            number = self._of_code(code) if needed else None
            if number is None:
                number = 1 + self._base.execute("SELECT COUNT(*) FROM listener").fetchone()[0]
                row = (number, name, _now())
                self._base.execute("INSERT INTO listener VALUES (?, ?, ?)", row)
                if needed:
                    change = "UPDATE code SET listener = ? WHERE code = ?"
                    self._base.execute(change, (number, code))
            secret = secrets.token_urlsafe(24)
            self._base.execute("INSERT INTO cookie VALUES (?, ?)", (_digest(secret), number))
        return number, secret

    def _of_code(self, code: str | None) -> int | None:
        row = self._base.execute("SELECT listener FROM code WHERE code = ?", (code,)).fetchone()
        if row is None:
            raise ListeningError("this code is not one of the test's; ask for yours again")
        return row[0]

    def listener_of(self, secret: str | None) -> int | None:
        """Return whose secret that is, or None."""
        if not secret:
            return None
        with self._lock:
            row = self._base.execute(
                "SELECT listener FROM cookie WHERE digest = ?", (_digest(secret),)
            ).fetchone()
        return None if row is None else row[0]

    def plan(self, listener: int, trials: Sequence[Trial]) -> None:
        """Put down what a listener is asked, where that is not yet done."""
        with self._written():
            for number, each in enumerate(trials):
                row = (listener, number, json.dumps(asdict(each)))
                self._base.execute("INSERT OR IGNORE INTO trial VALUES (?, ?, ?)", row)

    def answered(self, listener: int | None = None) -> list[Answered]:
        """Return all trials in order, with the answers there are; of one listener, or of all."""
        query = (
            "SELECT t.listener, t.number, t.trial, a.answer, a.answered FROM trial t "
            "LEFT JOIN answer a ON a.listener = t.listener AND a.number = t.number "
            "WHERE ? IS NULL OR t.listener = ? ORDER BY t.listener, t.number"
        )
        with self._lock:
            rows = self._base.execute(query, (listener, listener)).fetchall()
        return [
            Answered(
                who,
                number,
                Trial(**json.loads(trial)),
                None if answer is None else json.loads(answer),
                when or "",
            )
            for who, number, trial, answer, when in rows
        ]

    def answer(self, listener: int, number: int, answer: Any) -> bool:
        """Put an answer down for good.

        Returns:
            Whether it is new; False where the very same was given before.

        Raises:
            ListeningError: another answer was given, or the trial is not the listener's next one.
        """
        text = json.dumps(answer, sort_keys=True)
        with self._written():
            given = self._base.execute(
                "SELECT answer FROM answer WHERE listener = ? AND number = ?", (listener, number)
            ).fetchone()
            if given is not None:
                if given[0] == text:
                    return False
                raise ListeningError(f"trial {number + 1} was answered already, and otherwise")
            count = self._base.execute(
                "SELECT COUNT(*) FROM answer WHERE listener = ?", (listener,)
            ).fetchone()[0]
            if number != count:
                raise ListeningError(f"trial {number + 1} is not the next one; reload the page")
            row = (listener, number, text, _now())
            self._base.execute("INSERT INTO answer VALUES (?, ?, ?, ?)", row)
        return True

    def names(self) -> dict[int, str]:
        """Return the listeners' names by number."""
        with self._lock:
            return dict(self._base.execute("SELECT number, name FROM listener").fetchall())

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._base.close()

    @contextmanager
    def _written(self) -> Iterator[None]:
        """Hold the file while something is read and written as one."""
        with self._lock:
            self._base.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._base.execute("ROLLBACK")
                raise
            self._base.execute("COMMIT")


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
