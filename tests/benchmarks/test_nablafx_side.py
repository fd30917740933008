"""What NablAFx's side does around NablAFx, which need not be installed for it."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from nablafx_side import StandIns, cut, read_segments, snapshot_name
from peer_trainers import Snapshot, snapshot_at
from wetprint import audio

RATE = 48000


def test_segments_lie_beside_each_other_and_silent_ones_are_left_out():
    dry = torch.arange(1.0, 11.0)
    wet = torch.where(torch.arange(10) // 3 == 1, 0.0, -dry)  # silent from 3 to 5, and a rest
    dry_segments, wet_segments = cut(dry, wet, 3)
    assert dry_segments.tolist() == [[[1.0, 2.0, 3.0]], [[7.0, 8.0, 9.0]]]
    assert torch.equal(wet_segments, -dry_segments)


def test_what_is_60_db_below_full_scale_is_silent():
    wet = torch.cat([torch.full((100,), 0.0009), torch.full((100,), 0.0011)])
    assert cut(wet, wet, 100)[1].mean() == pytest.approx(0.0011)


def test_segments_are_those_of_the_files(tmp_path):
    sound = np.random.default_rng(0).uniform(-0.5, 0.5, (1, 1000)).astype(np.float32)
    audio.write(tmp_path / "train_dry.wav", sound, RATE)
    audio.write(tmp_path / "train_wet.wav", -sound, RATE)
    dry, wet = read_segments(tmp_path / "train", 500)
    np.testing.assert_allclose(dry.reshape(1, -1), sound, atol=1e-6)
    np.testing.assert_array_equal(wet, -dry)


def test_the_name_of_a_snapshot_is_read_back():
    name = Path(snapshot_name(123.44, 0.7, 0.0125))
    assert snapshot_at(name) == Snapshot(name, 123.4, 0.0125, 0.7)
    later = snapshot_name(1000.0, 0.7, 0.0125)
    assert sorted([later, name.name]) == [name.name, later]


def test_packages_that_are_never_called_can_be_imported_and_others_stay_missing(monkeypatch):
    monkeypatch.setattr(sys, "meta_path", [StandIns(("no_such_package",)), *sys.meta_path])
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    module = importlib.import_module("no_such_package.inner")
    assert isinstance(module.AnyName, type)
    assert not hasattr(module, "__wrapped__")
    with pytest.raises(TypeError):
        module.AnyName("called")
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("no_such_package_either")
