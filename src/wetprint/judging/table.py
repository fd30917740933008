"""Figures as people read them: the table of contexts, and how each kind of number is written."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from wetprint.judging.contexts import Evaluation
from wetprint.judging.metrics import Scores

MISSING = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"


def esr_text(esr: float) -> str:
    """Write an error-to-signal ratio with three figures, small ones as a power of ten.

    >>> esr_text(0.01234), esr_text(1.2e-7), esr_text(0.0)
    ('0.0123', '1.2e-07', '0')
    """
    if not math.isfinite(esr):
        return MISSING
    if esr == 0.0:
        return "0"
    return f"{esr:.3g}" if esr >= 1e-4 else f"{esr:.1e}"


def decimals(value: float, places: int) -> str:
    """Write a number with fixed decimals and a real minus sign, or a dash when there is none."""
    if value == -math.inf:
        return f"{MINUS}\N{INFINITY}"
    if not math.isfinite(value):
        return MISSING
    return f"{round(value, places) + 0.0:.{places}f}".replace("-", MINUS)


def signed(value: float, places: int = 1) -> str:
    """Write a difference with its sign; none when it rounds to zero."""
    text = decimals(value, places)
    return f"+{text}" if math.isfinite(value) and round(value, places) > 0.0 else text


def percent(share: float) -> str:
    """Write a share of 0 to 1 as whole per cent."""
    return f"{100.0 * share:.0f} %" if math.isfinite(share) else MISSING


@dataclass(frozen=True)
class Column:
    """One figure of the table: its heading, its unit, how it is written and what it means."""

    title: str
    unit: str
    text: Callable[[Scores], str]
    meaning: str


COLUMNS = (
    Column(
        "ESR",
        "",
        lambda scores: esr_text(scores.esr),
        "error-to-signal ratio: energy of the difference from the wet signal over the energy of "
        "the wet signal; 0 is perfect, 1 as bad as silence",
    ),
    Column(
        "ESR",
        "dB",
        lambda scores: decimals(scores.esr_db, 1),
        f"the same in decibels; {MINUS}20 dB is 0.01",
    ),
    Column(
        "MR-STFT",
        "",
        lambda scores: decimals(scores.mr_stft, 3),
        "multi-resolution STFT distance (Yamamoto 2020): spectral convergence and log magnitude "
        "at three resolutions; blind to polarity",
    ),
    Column(
        "mel",
        "dB",
        lambda scores: decimals(scores.mel_distance_db, 2),
        "mean absolute difference of the mel-spectrograms, down to 80 dB below the loudest",
    ),
    Column(
        "gain",
        "dB",
        lambda scores: decimals(scores.gain_error_db, 2),
        "mean absolute difference of the level over time (20 ms), where the dry signal plays",
    ),
    Column(
        "within 0.25 dB",
        "",
        lambda scores: percent(scores.gain_within_quarter_db),
        "share of that time in which the level is within a quarter of a decibel",
    ),
    Column(
        "loudness",
        "LU",
        lambda scores: signed(scores.loudness_difference_lu),
        "difference of integrated loudness (ITU-R BS.1770); positive is louder than wet",
    ),
)


def format_table(evaluation: Evaluation) -> str:
    """Lay the figures out as plain text for a terminal, one row for each context."""
    rows = [("", *(", ".join(filter(None, (each.title, each.unit))) for each in COLUMNS))]
    for name, scores in evaluation.contexts:
        rows.append((name, *(column.text(scores) for column in COLUMNS)))
    return aligned(rows)


def aligned(rows: list[tuple[str, ...]]) -> str:
    """Set rows of cells in columns: the first to the left, all others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in rows
    ]
    return "\n".join(line.rstrip() for line in lines)
