"""A listening test as a folder for any web server: informal, since the answers lie in it."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from importlib import resources
from pathlib import Path
from typing import Any

from wetprint.errors import ListeningError
from wetprint.judging.listening.asking import ListeningTest, about_test, shown_trial
from wetprint.judging.listening.plan import Trial
from wetprint.judging.listening.server import PAGE
from wetprint.judging.listening.sounds import sound_of, wav_bytes

LISTENER = 1
"""Everybody hears the same trials in the same order."""


def write_static(test: ListeningTest, folder: str | os.PathLike[str]) -> None:
    """Write a test as a static page; the whole folder or nothing.

    Args:
        test: what is asked.
        folder: to be made; it must not be there yet, or be empty.

    Raises:
        ListeningError: there is something in the folder.
    """
    target = Path(folder)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ListeningError(f"expected a new or empty folder, but {target} holds something")
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        _fill(test, scratch)
        scratch.chmod(0o755)
        if target.exists():
            target.rmdir()
        scratch.rename(target)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise


def _fill(test: ListeningTest, folder: Path) -> None:
    (folder / "sounds").mkdir()
    (folder / "page").mkdir()
    source = resources.files("wetprint.judging.listening") / "page"
    for name in PAGE:
        text = (source / name).read_text("utf-8")
        if name == "index.html":
            text = text.replace('content="server"', 'content="static"')
        place = folder if name == "index.html" else folder / "page"
        (place / name).write_text(text, "utf-8")
    trials = [
        _written(test, number, each, folder) for number, each in enumerate(test.plan(LISTENER))
    ]
    whole = {"about": about_test(test), "trials": trials}
    (folder / "test.json").write_text(json.dumps(whole), "utf-8")


def _written(test: ListeningTest, number: int, trial: Trial, folder: Path) -> dict[str, Any]:
    """Write a trial's sounds and return the trial as the page reads it."""
    passage = test.passages[trial.passage]
    urls = {}
    for place, (label, condition) in enumerate(trial.labels.items()):
        urls[label] = f"sounds/{number:03d}-{place}.wav"
        sound = wav_bytes(sound_of(passage, condition), passage.sample_rate)
        (folder / urls[label]).write_bytes(sound)
    return {"shown": shown_trial(test, trial, urls), "right": trial.right}
