"""wetprint learns any musical effect: from a plugin, or from a dry and a wet recording.

>>> import wetprint
>>> learned = wetprint.learn("builtin:Distortion?drive_db=20")        # doctest: +SKIP
>>> wet = wetprint.apply(learned.model, dry, sample_rate=48000)       # doctest: +SKIP
"""

from __future__ import annotations

import importlib

__version__ = "0.1.0"

_PUBLIC = {
    "LearnConfig": "wetprint.learning",
    "Model": "wetprint.models",
    "apply": "wetprint.workflow",
    "evaluate_on_effect": "wetprint.workflow",
    "evaluate_on_recording": "wetprint.workflow",
    "learn": "wetprint.workflow",
    "load": "wetprint.workflow",
    "open_effect": "wetprint.effects",
    "save_model": "wetprint.models",
}

__all__ = ["__version__", *sorted(_PUBLIC)]  # noqa: PLE0604


def __getattr__(name: str):
    """Load a public name when it is first asked for; importing wetprint loads nothing else."""
    if name not in _PUBLIC:
        raise AttributeError(f"module 'wetprint' has no attribute '{name}'")
    return getattr(importlib.import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return list(__all__)
