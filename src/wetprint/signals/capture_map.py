"""Which seconds of the capture signal are what: data, kept as JSON beside the sound.

Identification finds its material here by name or by kind and rebuilds the exact excitation from
a section's parameters. The names and parameters of version 1 are a promise: what changes their
meaning gets another version.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from wetprint.errors import AudioFileError, nearest_names

VERSION = 1
_FORMAT = "wetprint capture map"


@dataclass(frozen=True)
class Section:
    """A stretch of the capture signal.

    Attributes:
        name: unique, stable over versions ("sweep_loud").
        kind: what it is ("sweep"); sections of one kind have the same parameters.
        start_samples: where it begins.
        length_samples: how long it is; the silence that may follow is a section of its own.
        parameters: what its sound was made from; frequencies in Hz (``_hz``), peak levels in dBFS
            (``_db``), times in seconds (``_s``, ``seconds``).
    """

    name: str
    kind: str
    start_samples: int
    length_samples: int
    parameters: Mapping[str, Any]

    @property
    def stop_samples(self) -> int:
        """The first sample after it."""
        return self.start_samples + self.length_samples


@dataclass(frozen=True)
class CaptureMap:
    """All sections of a capture signal, in order, without overlap."""

    version: int
    sample_rate: int
    length_samples: int
    sections: tuple[Section, ...]

    def section(self, name: str) -> Section:
        """Find a section.

        Raises:
            AudioFileError: there is none of that name.
        """
        for each in self.sections:
            if each.name == name:
                return each
        known = [each.name for each in self.sections]
        raise AudioFileError(f"the capture map has no section '{name}'{nearest_names(name, known)}")

    def of_kind(self, kind: str) -> tuple[Section, ...]:
        """All sections of one kind, in order; empty when there is none."""
        return tuple(each for each in self.sections if each.kind == kind)

    def to_json(self) -> str:
        """Write it down, one section a line."""
        head = {"format": _FORMAT, "version": self.version, "sample_rate": self.sample_rate}
        head["length_samples"] = self.length_samples
        lines = ",\n".join("    " + json.dumps(asdict(each)) for each in self.sections)
        return json.dumps(head)[:-1] + ', "sections": [\n' + lines + "\n]}\n"

    @classmethod
    def from_json(cls, text: str) -> CaptureMap:
        """Read what :meth:`to_json` wrote.

        Raises:
            AudioFileError: it is not a capture map, damaged, or of a newer version.
        """
        try:
            data = json.loads(text)
            if data["format"] != _FORMAT:
                raise ValueError(data["format"])
            if data["version"] > VERSION:
                raise AudioFileError(
                    f"the capture map is of version {data['version']}, this wetprint knows "
                    f"{VERSION}; update wetprint"
                )
            sections = tuple(Section(**each) for each in data["sections"])
            found = cls(data["version"], data["sample_rate"], data["length_samples"], sections)
            found._check()
        except AudioFileError:
            raise
        except (ValueError, KeyError, TypeError) as error:
            raise AudioFileError(
                "expected a capture map as 'wetprint capture' writes it beside the sound; "
                "this is damaged or something else"
            ) from error
        return found

    def _check(self) -> None:
        end = 0
        for each in self.sections:
            if each.start_samples < end or each.length_samples < 1:
                raise ValueError(f"section {each.name} overlaps or is empty")
            end = each.stop_samples
        if end > self.length_samples or len({e.name for e in self.sections}) < len(self.sections):
            raise ValueError("sections beyond the end, or of one name")


def read_capture_map(path: str | Path) -> CaptureMap:
    """Read the map beside a capture signal.

    Args:
        path: the map itself or the sound beside which it lies (``OUT.wav`` for ``OUT.json``).

    Raises:
        AudioFileError: there is none, or it cannot be read.
    """
    path = Path(path).with_suffix(".json")
    try:
        return CaptureMap.from_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise AudioFileError(f"cannot read the capture map {path}: {error}") from error
    except AudioFileError as error:
        raise AudioFileError(f"{path}: {error}") from error
