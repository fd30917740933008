"""Ranges for what a block may be built from; a model file from a stranger passes through here."""

from __future__ import annotations

import math
from typing import TypeGuard

LONGEST_MEMORY_SAMPLES = 60 * 192_000
"""A minute at the highest usual rate: no effect remembers longer, and no file may claim to."""


def whole_number(name: str, value: object, minimum: int, maximum: int) -> None:
    """Refuse anything but a whole number within a range.

    Raises:
        ValueError: naming the argument, the range, and what came.
    """
    if not isinstance(value, int) or isinstance(value, bool) or not minimum <= value <= maximum:
        raise ValueError(
            f"{name} must be a whole number from {minimum} to {maximum}, got {value!r}"
        )


def number(name: str, value: object, minimum: float, maximum: float) -> None:
    """Refuse anything but a number within a range.

    Raises:
        ValueError: naming the argument, the range, and what came.
    """
    if not _is_number(value) or not minimum <= value <= maximum:
        raise ValueError(f"{name} must be a number from {minimum:g} to {maximum:g}, got {value!r}")


def _is_number(value: object) -> TypeGuard[float]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value)


def one_of(name: str, value: object, allowed: tuple[str, ...]) -> None:
    """Refuse any word but the allowed ones.

    Raises:
        ValueError: naming the argument, the words, and what came.
    """
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(allowed)}; got {value!r}")


def switch(name: str, value: object) -> None:
    """Refuse anything but true and false.

    Raises:
        ValueError: naming the argument, and what came.
    """
    if not isinstance(value, bool):
        raise ValueError(f"{name} must be true or false, got {value!r:.100}")
