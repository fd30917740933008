"""The models that a benchmark learned, kept under the names of their runs."""

from __future__ import annotations

import shutil
from pathlib import Path

from ledger import Run
from wetprint.outputs import replacing


def kept_model(run: Run, models: Path) -> Path:
    """Return where a run's model is kept."""
    words = (run.name, run.setting, run.source, run.model, f"{run.minutes:g}")
    return models / f"{'-'.join(words)}.wetprint"


def keep_model(learned: Path, run: Run, models: Path) -> None:
    """Keep a run's model, in place of an earlier one."""
    models.mkdir(parents=True, exist_ok=True)
    with replacing(kept_model(run, models)) as scratch:
        shutil.copyfile(learned, scratch)
