"""Two files or two folders become pairs, with what was mended said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from wetprint.audio import write
from wetprint.errors import PairError
from wetprint.pairs import read_pairs

RATE = 16_000


def recordings(folder: Path, names: list[str], gain: float = 1.0) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names):
        generator = np.random.default_rng(number)
        dry = 0.2 * generator.standard_normal((1, 2 * RATE)) * np.linspace(1, 0.1, 2 * RATE)
        write(folder / name, (gain * dry).astype(np.float32), RATE)
    return folder


def test_two_folders_are_paired_by_name_whatever_the_format(tmp_path):
    dry = recordings(tmp_path / "dry", ["one.wav", "two.wav"])
    wet = recordings(tmp_path / "wet", ["one.flac", "two.wav", "three.wav"], gain=0.5)
    pairs, notes = read_pairs(dry, wet)
    assert [pair.name for pair in pairs] == ["one", "two"]
    for pair in pairs:
        np.testing.assert_allclose(pair.wet, 0.5 * pair.dry, atol=1e-4)
    assert any("three.wav" in note and "left out" in note for note in notes)


def test_a_dataset_is_read_from_its_two_folders(tmp_path):
    dry = recordings(tmp_path / "set", ["riff.wav"])
    wet = recordings(tmp_path / "set" / "processed", ["riff.wav"], gain=2.0)
    pairs, _ = read_pairs(dry, wet)
    assert [pair.name for pair in pairs] == ["riff"]


def test_a_folder_needs_a_folder(tmp_path):
    dry = recordings(tmp_path / "dry", ["one.wav"])
    with pytest.raises(PairError, match="expected a folder of wet recordings"):
        read_pairs(dry, dry / "one.wav")
    with pytest.raises(PairError, match=r"expected a wet recording of one\.wav"):
        read_pairs(dry, recordings(tmp_path / "wet", ["other.wav"]))
