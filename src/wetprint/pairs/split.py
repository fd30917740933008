"""Keeping a part of the recordings for judging, where nothing learned from can reach it.

An effect remembers. A stretch kept for judging is therefore surrounded by a gap as long as that
memory on either side: before it lies its own past, which is heard but neither scored nor learned
from; after it lies the past of what is learned from next. Where there are several short recordings,
whole ones are kept instead, and nothing is lost to gaps. Only in a recording that is too short for
its own memory the gaps are shorter, as long as it allows.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wetprint.errors import PairError
from wetprint.pairs.pair import Pair

STRETCH_SECONDS = 30.0
"""One stretch is kept in about every so many seconds, so that judging hears all of a recording."""

ENOUGH_RECORDINGS = 3
"""From so many recordings on, a whole one can be spared. Of a few notes it must: whoever follows
the notes that were heard instead of learning the effect is found out by another note only."""

ENOUGH_KEPT = 0.5
"""Share of what is wanted for judging that whole recordings must come to, or stretches are kept."""

GAPS_WORTH = 4
"""A kept stretch should be this many times longer than the gaps cost on one side."""

PLACES = 16
"""How many places are compared for one stretch."""

SILENT_DB = -50.0
"""Stretches this far below the loudest are silence, which judges nothing."""


@dataclass(frozen=True)
class Excerpt:
    """A stretch of one recording.

    Attributes:
        pair_index: which recording.
        start_samples: where it begins to count.
        stop_samples: where it ends.
        context_samples: how much before ``start_samples`` is heard as its past.
    """

    pair_index: int
    start_samples: int
    stop_samples: int
    context_samples: int

    @property
    def length_samples(self) -> int:
        """How much of it counts."""
        return self.stop_samples - self.start_samples


def split_for_validation(
    pairs: Sequence[Pair], memory_samples: int, fraction: float = 0.1
) -> tuple[list[Excerpt], list[Excerpt]]:
    """Split recordings into what is learned from and what is judged on.

    Args:
        pairs: the recordings.
        memory_samples: how far the effect remembers.
        fraction: share to keep for judging, above 0 and below 1.

    Returns:
        Excerpts to learn from and excerpts to judge on. No sample that counts in one, nor its
        past, lies in the other.

    Raises:
        PairError: the recordings are too short to be split.
    """
    if not 0.0 < fraction < 1.0:
        raise ValueError(f"fraction must lie between 0 and 1, got {fraction}")
    lengths = [pair.length_samples for pair in pairs]
    if not sum(lengths):
        raise PairError("expected recordings to learn from, got none")
    typical = float(np.median(lengths))
    if len(pairs) >= ENOUGH_RECORDINGS and fraction * typical < GAPS_WORTH * memory_samples:
        kept = _choose_whole_pairs(pairs, fraction)
        if sum(lengths[each] for each in kept) >= ENOUGH_KEPT * fraction * sum(lengths):
            whole = [Excerpt(index, 0, length, 0) for index, length in enumerate(lengths)]
            learned = [each for each in whole if each.pair_index not in kept]
            return learned, [whole[each] for each in sorted(kept)]
    training: list[Excerpt] = []
    validation: list[Excerpt] = []
    for index, pair in enumerate(pairs):
        learned, kept = _keep_stretches(index, pair, memory_samples, fraction)
        training += learned
        validation += kept
    if not training or not validation:
        seconds = sum(lengths) / pairs[0].sample_rate
        raise PairError(
            f"expected recordings long enough to keep a part for judging, got {seconds:.1f} s in "
            f"{len(pairs)} files; record at least a few seconds in one piece"
        )
    return training, validation


def _choose_whole_pairs(pairs: Sequence[Pair], fraction: float) -> set[int]:
    """Choose those whose loudness is most like that of all of them, never more than half."""
    total = sum(pair.length_samples for pair in pairs)
    levels = np.array([_power(pair.wet) for pair in pairs])
    typical = float(np.median(levels))
    closeness = np.abs(np.log((levels + 1e-12) / (typical + 1e-12)))
    kept: set[int] = set()
    length = 0
    for index in np.argsort(closeness, kind="stable").tolist():
        longer = length + pairs[index].length_samples
        if length >= 0.75 * fraction * total:
            break
        if longer <= 0.5 * total:
            kept.add(index)
            length = longer
    return kept


def _keep_stretches(
    index: int, pair: Pair, memory_samples: int, fraction: float
) -> tuple[list[Excerpt], list[Excerpt]]:
    """Keep one stretch in each part of a recording, surrounded by gaps."""
    length = pair.length_samples
    parts = round(length / (STRETCH_SECONDS * pair.sample_rate))
    room = int(length * (1 - fraction) / (GAPS_WORTH * max(memory_samples, 1)))
    parts = max(1, min(parts, room))
    bounds = np.linspace(0, length, parts + 1).astype(int).tolist()
    training: list[Excerpt] = []
    validation: list[Excerpt] = []
    free_from, context = 0, 0
    for part, (begin, end) in enumerate(itertools.pairwise(bounds)):
        size = int(fraction * (end - begin))
        gap = min(memory_samples, (end - begin - size) // 4)
        if size < 1:
            continue
        if gap < memory_samples and parts == 1:
            start = length - size  # at the very end one gap is enough, so it can be longer
            gap = min(memory_samples, start // 2)
        else:
            wanted = _wanted_level(pair.wet, size, part, parts)
            start = _place(pair.wet, begin + gap, end - gap - size, size, wanted)
        if start - gap > free_from:
            training.append(Excerpt(index, free_from, start - gap, context))
        validation.append(Excerpt(index, start, start + size, gap))
        free_from, context = start + size + gap, gap
    if length > free_from:
        training.append(Excerpt(index, free_from, length, context))
    return training, validation


def _wanted_level(wet: np.ndarray, size: int, part: int, parts: int) -> float:
    """Return how loud the stretch of a part should be, as mean power.

    A single stretch is as loud as the whole; of several, one is among the quietest, one among the
    loudest, and the others lie between, in an order that mixes them over the recording.
    """
    if parts == 1:
        return _power(wet)
    starts = np.arange(0, wet.shape[1] - size + 1, max(1, size // 2))
    powers = np.array([_power(wet[:, start : start + size]) for start in starts])
    sounding = powers[powers > powers.max() * 10 ** (SILENT_DB / 10)]
    ranks = np.argsort([_bits_reversed(number) for number in range(parts)], kind="stable")
    rank = int(np.flatnonzero(ranks == part)[0])
    return float(np.quantile(sounding, (rank + 0.5) / parts)) if len(sounding) else 0.0


def _bits_reversed(number: int) -> float:
    """Return van der Corput's number: halves, quarters, eighths of 1, well mixed."""
    return int(f"{number:032b}"[::-1], 2) / 2**32


def _place(wet: np.ndarray, first: int, last: int, size: int, wanted: float) -> int:
    """Return the place between ``first`` and ``last`` whose loudness is nearest to the wanted."""
    places = np.unique(np.linspace(first, max(first, last), PLACES).astype(int))
    levels = np.array([_power(wet[:, each : each + size]) for each in places])
    return int(places[np.argmin(np.abs(np.log((levels + 1e-12) / (wanted + 1e-12))))])


def _power(audio: np.ndarray) -> float:
    return float(np.square(audio, dtype=np.float64).mean()) if audio.size else 0.0
