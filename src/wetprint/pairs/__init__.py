"""Dry and wet recordings: datasets, alignment, checks, and splits that do not leak."""

from wetprint.pairs.alignment import estimate_alignment
from wetprint.pairs.checks import check_pair, read_pair
from wetprint.pairs.dataset import Dataset, open_dataset, read_pairs
from wetprint.pairs.manifest import Manifest, read_manifest, write_manifest
from wetprint.pairs.pair import Alignment, CheckedPair, Pair
from wetprint.pairs.shifting import Aligned, apply_alignment
from wetprint.pairs.split import Excerpt, split_for_validation

__all__ = [
    "Aligned",
    "Alignment",
    "CheckedPair",
    "Dataset",
    "Excerpt",
    "Manifest",
    "Pair",
    "apply_alignment",
    "check_pair",
    "estimate_alignment",
    "open_dataset",
    "read_manifest",
    "read_pair",
    "read_pairs",
    "split_for_validation",
    "write_manifest",
]
