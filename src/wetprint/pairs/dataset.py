"""Datasets: a folder of dry recordings with the wet ones in ``processed``, or a couple of folders.

``dataset/*.wav`` and ``dataset/processed/*.wav`` of the same names are what batch converters
leave behind. A manifest beside them (see `manifest`) is believed where there is one.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from wetprint.pairs.checks import read_pair
from wetprint.pairs.manifest import Manifest, read_manifest, verify
from wetprint.pairs.pair import CheckedPair
from wetprint.pairs.partners import Partners, find_partners
from wetprint.pairs.shifting import LONGEST_LATENCY_SECONDS
from wetprint.progress import Progress, silent


@dataclass(frozen=True)
class Dataset:
    """Pairs of files, found but not yet read.

    Attributes:
        folder: of the dry recordings.
        manifest: of the folder, if it has one.
        partners: dry and wet files, sorted by name.
        notes: about files that were left out.
    """

    folder: Path
    manifest: Manifest | None
    partners: tuple[Partners, ...]
    notes: tuple[str, ...]


def open_dataset(
    folder: str | os.PathLike[str], wet_folder: str | os.PathLike[str] | None = None
) -> Dataset:
    """Find the pairs of a dataset and verify them against its manifest.

    Args:
        folder: of dry recordings.
        wet_folder: of wet recordings; by default ``processed`` inside ``folder``, where a manifest
            counts.

    Raises:
        PairError: a file is missing, changed, or has no partner; the manifest is damaged.
    """
    root = Path(folder)
    manifest = read_manifest(root) if wet_folder is None else None
    if manifest is None:
        found = find_partners(root, None if wet_folder is None else Path(wet_folder))
        return Dataset(root, None, found.partners, found.notes)
    for entry in manifest.files:
        verify(root, entry)
    partners = tuple(
        Partners(entry.name, root / entry.dry, root / entry.wet) for entry in manifest.files
    )
    listed = {each.dry for each in partners}
    notes = tuple(
        f"{each.dry} is not in the manifest and was left out."
        for each in find_partners(root).partners
        if each.dry not in listed
    )
    return Dataset(root, manifest, partners, notes)


def read_dataset(
    folder: str | os.PathLike[str],
    wet_folder: str | os.PathLike[str] | None = None,
    *,
    trust: bool = False,
    longest_latency_seconds: float = LONGEST_LATENCY_SECONDS,
    progress: Progress = silent,
) -> tuple[CheckedPair, ...]:
    """Read and check every pair of a dataset.

    Args:
        folder: as in `open_dataset`.
        wet_folder: as in `open_dataset`.
        trust: as in `check_pair`.
        longest_latency_seconds: as in `check_pair`.
        progress: told which pair is read.

    Raises:
        PairError: the first pair that cannot be learned from, named.
        AudioFileError: a file that cannot be read.
    """
    partners = open_dataset(folder, wet_folder).partners
    checked = []
    for index, each in enumerate(partners):
        progress("checking recordings", index / len(partners), each.name)
        checked.append(
            read_pair(
                each.dry,
                each.wet,
                each.name,
                trust=trust,
                longest_latency_seconds=longest_latency_seconds,
            )
        )
    progress("checking recordings", 1.0)
    return tuple(checked)
