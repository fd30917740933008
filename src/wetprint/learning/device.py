"""Where training runs."""

from __future__ import annotations

import torch

from wetprint.errors import LearningError

DEVICES = ("auto", "cpu", "cuda", "mps")


def choose_device(name: str) -> torch.device:
    """Return the named device, or with "auto" the fastest one present.

    Raises:
        LearningError: the device is not present.
    """
    present = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if name == "auto":
        return torch.device(next(each for each, here in present.items() if here))
    if not present.get(name, False):
        here = ", ".join(each for each, is_here in present.items() if is_here)
        raise LearningError(f"there is no device '{name}' on this machine; use one of: {here}")
    return torch.device(name)
