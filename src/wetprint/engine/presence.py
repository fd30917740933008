"""Whether the engine is there, and whether it is wanted."""

from __future__ import annotations

import functools
import importlib.util
import os

import torch
from torch import Tensor

SWITCH = "WETPRINT_ENGINE"
"""Environment variable; ``off`` leaves everything to the PyTorch twins."""


def is_present() -> bool:
    """Say whether the engine was compiled for this installation and is not switched off."""
    if os.environ.get(SWITCH, "").lower() in ("off", "0", "no"):
        return False
    return _is_compiled()


@functools.cache
def _is_compiled() -> bool:
    return importlib.util.find_spec("wetprint._engine") is not None


def runs(*tensors: Tensor | None) -> bool:
    """Say whether the engine is there and takes these: float32, on the CPU, not being traced."""
    return (
        all(
            each is None or (each.dtype == torch.float32 and each.device.type == "cpu")
            for each in tensors
        )
        and is_present()
        and not torch.compiler.is_compiling()
        and not torch.jit.is_tracing()  # pyright: ignore[reportPrivateImportUsage]
    )


def cpu_level() -> str | None:
    """Return the level of processor whose inner loops are used, or None without the engine.

    Returns:
        "avx512", "avx2" or "baseline"; ``WETPRINT_CPU`` in the environment can ask for a lower one.
    """
    if not is_present():
        return None
    from wetprint import _engine

    return _engine.cpu_level()


def has_level(level: str) -> bool:
    """Say whether this machine can run the inner loops compiled for a level of processor."""
    if not is_present():
        return False
    from wetprint import _engine

    return _engine.has_level(level)
