"""Which wet file belongs to which dry one: the one of the same name in the other folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from wetprint.errors import PairError, nearest_names

PROCESSED = "processed"
SOUND_SUFFIXES = frozenset({".wav", ".flac", ".ogg", ".mp3", ".aif", ".aiff"})


@dataclass(frozen=True)
class Partners:
    """A dry file and its wet one, not yet read."""

    name: str
    dry: Path
    wet: Path


@dataclass(frozen=True)
class Found:
    """What two folders hold.

    Attributes:
        partners: sorted by name.
        notes: about wet files that no dry one asks for.
    """

    partners: tuple[Partners, ...]
    notes: tuple[str, ...]


def find_partners(dry_folder: Path, wet_folder: Path | None = None) -> Found:
    """Match the sound files of two folders.

    A wet file may be of another format: ``riff.wav`` goes with ``riff.flac`` when there is no
    ``riff.wav``.

    Args:
        dry_folder: whose own files count, not those of folders within.
        wet_folder: by default ``processed`` inside it.

    Raises:
        PairError: no such folder, no sound files, or a dry file without a partner.
    """
    wet_folder = dry_folder / PROCESSED if wet_folder is None else wet_folder
    for folder, side in ((dry_folder, "dry"), (wet_folder, "wet")):
        if not folder.is_dir():
            raise PairError(f"expected a folder of {side} recordings at {folder}, found none")
    drys, wets = _sound_files(dry_folder), _sound_files(wet_folder)
    if not drys:
        raise PairError(
            f"expected sound files in {dry_folder}, found none; put dry recordings there"
        )
    partners = tuple(_match(dry, wets, wet_folder) for dry in drys)
    used = {each.wet for each in partners}
    notes = tuple(
        f"{path} has no dry recording of the same name and was left out."
        for path in wets
        if path not in used
    )
    return Found(partners, notes)


def _sound_files(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in SOUND_SUFFIXES and not path.name.startswith(".")
    )


def _match(dry: Path, wets: list[Path], wet_folder: Path) -> Partners:
    for same in ("name", "stem"):
        matching = [wet for wet in wets if getattr(wet, same) == getattr(dry, same)]
        if len(matching) == 1:
            return Partners(dry.stem, dry, matching[0])
        if matching:
            raise PairError(
                f"expected one wet recording for {dry}, got {matching[0].name} and "
                f"{matching[1].name} in {wet_folder}; keep one of them"
            )
    raise PairError(
        f"expected a wet recording of {dry.name} in {wet_folder}, found none"
        f"{nearest_names(dry.name, [wet.name for wet in wets])}; render or record it, or remove "
        "the dry one"
    )
