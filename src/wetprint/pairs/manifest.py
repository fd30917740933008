"""What a dataset folder says about itself: ``manifest.json``, versioned.

It names the effect and lists every pair with its lengths, channels, alignment, notes and
checksums, so that a dataset that was copied, re-rendered or cut off is noticed before it is
learned from. A folder without one works too; then file names alone decide.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from wetprint import audio
from wetprint.errors import PairError
from wetprint.outputs import replacing
from wetprint.pairs.pair import Alignment, CheckedPair
from wetprint.pairs.partners import Partners, find_partners
from wetprint.progress import Progress, silent

MANIFEST_NAME = "manifest.json"
FORMAT = "wetprint dataset"
VERSION = 1
CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class ManifestFile:
    """One pair of files, as they were when the manifest was written.

    Attributes:
        name: of the pair.
        dry: path inside the dataset folder, with forward slashes.
        wet: path inside the dataset folder.
        dry_samples: length.
        wet_samples: length.
        dry_channels: 1 or 2.
        wet_channels: 1 or 2.
        dry_sha256: of the whole file.
        wet_sha256: of the whole file.
        alignment: as found when the pair was checked, if it was.
        notes: of that check.
    """

    name: str
    dry: str
    wet: str
    dry_samples: int
    wet_samples: int
    dry_channels: int
    wet_channels: int
    dry_sha256: str
    wet_sha256: str
    alignment: Alignment | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Manifest:
    """A dataset in words.

    Attributes:
        sample_rate: Hz, of all files.
        effect: a spec such as ``builtin:Chorus?rate_hz=1``, or any description.
        files: one entry per pair, sorted by name.
    """

    sample_rate: int
    effect: str
    files: tuple[ManifestFile, ...]


def write_manifest(
    folder: str | os.PathLike[str],
    effect: str = "",
    checked: Mapping[str, CheckedPair] | None = None,
    progress: Progress = silent,
) -> Manifest:
    """Describe ``folder/*.wav`` and ``folder/processed/*.wav`` in ``folder/manifest.json``.

    Args:
        folder: the dataset.
        effect: spec or description of what was rendered or recorded.
        checked: results of `check_pair` by name, to keep their alignment and notes.
        progress: told which file is read.

    Raises:
        PairError: a file without a partner, or sample rates that differ.
        AudioFileError: a file that cannot be read.
        OutputError: the folder cannot be written to.
    """
    root = Path(folder)
    partners = find_partners(root).partners
    files, rates = [], {}
    for index, each in enumerate(partners):
        progress("describing the dataset", index / len(partners), each.name)
        files.append(_describe(root, each, (checked or {}).get(each.name)))
        rates.update({path: audio.info(path).sample_rate for path in (each.dry, each.wet)})
    manifest = Manifest(_one_rate(rates), effect, tuple(files))
    with replacing(root / MANIFEST_NAME) as scratch:
        scratch.write_text(_to_json(manifest), encoding="utf-8")
    return manifest


def read_manifest(folder: str | os.PathLike[str]) -> Manifest | None:
    """Read ``folder/manifest.json``.

    Returns:
        None where there is none.

    Raises:
        PairError: damaged, of another version, or naming files outside the folder.
    """
    path = Path(folder) / MANIFEST_NAME
    if not path.exists():
        return None
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _damaged(path, str(error)) from error
    if not isinstance(stored, dict) or stored.get("format") != FORMAT:
        raise _damaged(path, f'expected "format": "{FORMAT}"')
    if stored.get("version") != VERSION:
        raise PairError(
            f"expected {path} to be of version {VERSION}, got {stored.get('version')!r}; use the "
            "wetprint that wrote it, or delete it to go by file names alone"
        )
    try:
        files = tuple(_file_from_json(entry) for entry in stored["files"])
        return Manifest(_expect(stored, "sample_rate", int), _expect(stored, "effect", str), files)
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(path, str(error)) from error


def verify(folder: str | os.PathLike[str], entry: ManifestFile) -> None:
    """Insist that both files of an entry are there and unchanged.

    Raises:
        PairError: naming the file that is not.
    """
    for relative, expected in ((entry.dry, entry.dry_sha256), (entry.wet, entry.wet_sha256)):
        path = Path(folder) / relative
        if not path.is_file():
            raise PairError(
                f"expected {path}, which {MANIFEST_NAME} lists, but it is missing; render or "
                f"record it again, or write a new {MANIFEST_NAME}"
            )
        if _sha256(path) != expected:
            raise PairError(
                f"{path} is no longer the file that {MANIFEST_NAME} describes (its checksum "
                f"differs); render or record it again, or write a new {MANIFEST_NAME}"
            )


def _describe(root: Path, partners: Partners, checked: CheckedPair | None) -> ManifestFile:
    dry, wet = audio.info(partners.dry), audio.info(partners.wet)
    return ManifestFile(
        name=partners.name,
        dry=partners.dry.relative_to(root).as_posix(),
        wet=partners.wet.relative_to(root).as_posix(),
        dry_samples=dry.frames,
        wet_samples=wet.frames,
        dry_channels=dry.channels,
        wet_channels=wet.channels,
        dry_sha256=_sha256(partners.dry),
        wet_sha256=_sha256(partners.wet),
        alignment=checked.alignment if checked else None,
        notes=checked.notes if checked else (),
    )


def _one_rate(rates: dict[Path, int]) -> int:
    (first, rate), *others = rates.items()
    for path, other in others:
        if other != rate:
            raise PairError(
                f"expected one sample rate in a dataset, got {rate} Hz in {first} and {other} Hz "
                f"in {path}; convert one of them"
            )
    return rate


def _to_json(manifest: Manifest) -> str:
    stored = {"format": FORMAT, "version": VERSION, **dataclasses.asdict(manifest)}
    return json.dumps(stored, indent=1, ensure_ascii=False) + "\n"


def _file_from_json(entry: Any) -> ManifestFile:
    if not isinstance(entry, dict):
        raise ValueError("an entry of 'files' is not an object")
    values = {}
    for field in dataclasses.fields(ManifestFile)[:9]:
        values[field.name] = _expect(entry, field.name, int if field.type == "int" else str)
    for side in ("dry", "wet"):
        path = PurePosixPath(values[side])
        if path.is_absolute() or ".." in path.parts or "\\" in values[side]:
            raise ValueError(f"'{values[side]}' lies outside the folder")
    found = entry.get("alignment")
    alignment = None if found is None else Alignment(**found)
    notes = tuple(str(note) for note in entry.get("notes", ()))
    return ManifestFile(**values, alignment=alignment, notes=notes)


def _expect(stored: dict[str, Any], key: str, kind: type) -> Any:
    if key not in stored:
        raise ValueError(f"'{key}' is missing")
    if not isinstance(stored[key], kind) or isinstance(stored[key], bool):
        raise ValueError(f"'{key}' should be of type {kind.__name__}, not {stored[key]!r}")
    return stored[key]


def _damaged(path: Path, reason: str) -> PairError:
    return PairError(
        f"{path} is damaged ({reason}); write it again, or delete it to go by file names alone"
    )


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
