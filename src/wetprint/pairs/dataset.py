"""Datasets: a folder of dry recordings with the wet ones in ``processed``, or a couple of folders.

``dataset/*.wav`` and ``dataset/processed/*.wav`` of the same names are what batch converters
leave behind. A manifest beside them (see `manifest`) is believed where there is one.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from wetprint.pairs.agreement import agree
from wetprint.pairs.checks import read_pair
from wetprint.pairs.manifest import Manifest, read_manifest, verify
from wetprint.pairs.pair import Pair
from wetprint.pairs.partners import Partners, find_partners
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


def read_pairs(
    dry: str | os.PathLike[str], wet: str | os.PathLike[str], progress: Progress = silent
) -> tuple[tuple[Pair, ...], tuple[str, ...]]:
    """Read and check a dry and a wet file, or every pair in two folders, aligned alike.

    Args:
        dry: a file, or a folder of files.
        wet: a file, or a folder of files of the same names. Where it is the ``processed`` inside
            the dry one, the dataset's manifest is believed.
        progress: told which pair is read.

    Returns:
        The pairs, aligned, and what was mended or warned of.

    Raises:
        PairError: a file has no partner, or two recordings do not belong together.
        AudioFileError: a file that cannot be read.
    """
    couples, found = ((Path(dry), Path(wet)),), ()
    if Path(dry).is_dir():
        inside = Path(wet).resolve() == (Path(dry) / "processed").resolve()
        dataset = open_dataset(dry, None if inside else wet)
        couples, found = tuple((each.dry, each.wet) for each in dataset.partners), dataset.notes
    checked = []
    for index, couple in enumerate(couples):
        progress("checking recordings", index / len(couples), couple[0].name)
        checked.append(read_pair(*couple))
    checked = agree(checked)
    progress("checking recordings", 1.0)
    mended = tuple(
        note if len(checked) == 1 else f"{each.pair.name}: {note}"
        for each in checked
        for note in each.notes
    )
    return tuple(each.pair for each in checked), (*found, *mended)
