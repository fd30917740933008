"""Recordings of a box, laid out for the command line: some to learn from, others to judge on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from boxes import Box
from wetprint import audio

LEARNED_SHARE = 0.7
"""Of a clip that is both learned from and judged on."""

SIDES = ("dry", "wet")


@dataclass(frozen=True)
class Clips:
    """What was laid out.

    Attributes:
        learned: the folders of dry and of wet recordings.
        judged: couples of a dry and a wet file.
    """

    learned: tuple[Path, Path]
    judged: tuple[tuple[Path, Path], ...]


def lay_out(box: Box, recordings: Path, folder: Path) -> Clips:
    """Write the clips of a box, whole or cut in two.

    Args:
        box: whose.
        recordings: the folder that holds ``manifest.json``.
        folder: where ``learned`` and ``judged`` are made, each with folders ``dry`` and ``wet``.

    Raises:
        LookupError: the manifest does not list a clip.
    """
    manifest = json.loads((recordings / "manifest.json").read_text(encoding="utf-8"))
    learned, judged = folder / "learned", folder / "judged"
    for place in (learned / side for side in SIDES):
        place.mkdir(parents=True)
    for place in (judged / side for side in SIDES):
        place.mkdir(parents=True)
    for setting in box.learned:
        share = 1.0 if box.judged else LEARNED_SHARE
        clip = _clip(manifest, box, setting)
        _write_part(clip, box, recordings, learned, (0.0, share))
        if not box.judged:
            _write_part(clip, box, recordings, judged, (share, 1.0))
    for setting in box.judged:
        _write_part(_clip(manifest, box, setting), box, recordings, judged, (0.0, 1.0))
    couples = tuple((dry, judged / "wet" / dry.name) for dry in sorted((judged / "dry").iterdir()))
    return Clips((learned / "dry", learned / "wet"), couples)


def static_gain_esr(dry: np.ndarray, wet: np.ndarray) -> float:
    """Return the ESR that the best single gain leaves.

    It is one less the squared correlation, by Pythagoras: what is left is at right angles to what
    is explained.

    Args:
        dry: ``(channel, time)``, not silent.
        wet: same shape, not silent.
    """
    dry, wet = dry.astype(np.float64), wet.astype(np.float64)
    return float(1.0 - np.sum(dry * wet) ** 2 / (np.sum(dry**2) * np.sum(wet**2)))


def _clip(manifest: list[dict[str, Any]], box: Box, setting: str) -> dict[str, Any]:
    for entry in manifest:
        if entry["device"].startswith(box.device) and entry["settings"] == setting:
            return entry
    raise LookupError(f"the manifest lists no clip of {box.device} at '{setting}'")


def _write_part(
    clip: dict[str, Any], box: Box, recordings: Path, place: Path, part: tuple[float, float]
) -> None:
    """Write a clip from one share of its length to another."""
    for side in SIDES:
        sound, rate = audio.read(recordings / clip[side])  # (channel, time)
        sound = sound[:1] if box.left_only else sound
        begin, end = (round(share * sound.shape[1]) for share in part)
        name = Path(clip["dry"]).name.removesuffix(".dry.flac")
        audio.write(place / side / f"{name}.flac", sound[:, begin:end], rate)
