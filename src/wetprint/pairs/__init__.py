"""Dry and wet recordings that belong together: alignment, checks, datasets, splits."""

from wetprint.pairs.alignment import estimate_alignment
from wetprint.pairs.checks import check_pair, read_pair
from wetprint.pairs.pair import Alignment, CheckedPair, Pair
from wetprint.pairs.shifting import apply_alignment
from wetprint.pairs.split import Excerpt, split_for_validation

__all__ = [
    "Alignment",
    "CheckedPair",
    "Excerpt",
    "Pair",
    "apply_alignment",
    "check_pair",
    "estimate_alignment",
    "read_pair",
    "split_for_validation",
]
