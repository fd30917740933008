"""A peer is given what wetprint learns from, and judged at the loudness that suits it best."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import pytest

from choosing import NABLAFX_TRAINER, TRAINERS
from given import CommandFailed
from peer_trainers import (
    NABLAFX,
    NAM,
    PEER_TRAINERS,
    WET_PEAK,
    Peer,
    PeerTrainer,
    Snapshot,
    add_python_options,
    asked_pythons,
    best_scaled,
    kept_within,
    snapshot_at,
    write_pair,
)
from wetprint import audio
from wetprint.learning.material import Take

RATE = 48000

every_trainer = pytest.mark.parametrize(
    "trainer", PEER_TRAINERS.values(), ids=lambda each: each.package
)


@pytest.fixture
def bare_python(tmp_path):
    """Return a Python in which nothing is installed."""
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I -S "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    return python


def test_every_trainer_that_rows_are_planned_for_can_be_run():
    assert tuple(PEER_TRAINERS) == TRAINERS
    assert all(each.side.is_file() for each in PEER_TRAINERS.values())


def test_the_command_line_names_the_pythons_of_those_that_are_asked_for():
    parser = argparse.ArgumentParser()
    add_python_options(parser)
    assert asked_pythons(parser.parse_args([])) == {}
    asked = parser.parse_args(["--nablafx-python", "there/python"])
    assert asked_pythons(asked) == {NABLAFX_TRAINER: Path("there/python")}


def test_loudness_is_not_counted_as_an_error():
    wet = np.random.default_rng(0).standard_normal((1, 1000)).astype(np.float32)
    np.testing.assert_allclose(best_scaled(0.37 * wet, wet), wet, atol=1e-6)
    noise = np.random.default_rng(1).standard_normal((1, 1000)).astype(np.float32)
    left = wet - best_scaled(wet + 0.1 * noise, wet)
    for gain in (0.9, 1.0, 1.1):
        assert np.sum(left**2) <= np.sum((wet - gain * (wet + 0.1 * noise)) ** 2) + 1e-3


def test_takes_are_written_in_a_row_with_silence_before_each(tmp_path):
    sounds = [np.full((1, 4800), value, np.float32) for value in (0.25, -0.5)]
    takes = tuple(Take(dry=each, wet=2.0 * each) for each in sounds)
    write_pair(tmp_path / "train", takes, RATE)
    dry, rate = audio.read(tmp_path / "train_dry.wav")
    wet, _ = audio.read(tmp_path / "train_wet.wav")
    assert rate == RATE
    assert dry.shape == wet.shape == (1, 2 * (RATE // 2 + 4800))
    assert np.all(dry[0, : RATE // 2] == 0.0)
    np.testing.assert_allclose(wet, dry * WET_PEAK / 0.5, atol=1e-6)
    assert float(np.abs(wet).max()) == pytest.approx(WET_PEAK, abs=1e-6)


def test_what_came_after_the_time_is_not_judged():
    early, best, late = (
        Snapshot(Path(f"{seconds}"), seconds, error, error)
        for seconds, error in ((100.0, 0.2), (250.0, 0.1), (310.0, 0.05))
    )
    assert kept_within([early, best, late], 300.0) is best
    assert kept_within([late], 300.0) is late


def test_a_trainer_keeps_what_its_own_loss_chooses():
    by_esr, by_loss = Snapshot(Path("a"), 1.0, 0.1, 0.9), Snapshot(Path("b"), 2.0, 0.2, 0.8)
    assert kept_within([by_esr, by_loss], 10.0) is by_loss


def test_a_name_tells_when_a_snapshot_was_and_how_good():
    checkpoint = Path("00142.1_epoch=0001_step=1200_ESR=5.100e-02_MSE=1.400e-04.ckpt")
    assert snapshot_at(checkpoint) == Snapshot(checkpoint, 142.1, 0.051, 0.051)


@every_trainer
def test_a_stereo_effect_is_refused_before_training(trainer, tmp_path):
    audio.write(tmp_path / "room.wav", np.eye(2, 100, dtype=np.float32), RATE)
    refusal = f"{trainer.name} learns one channel, and this effect has 2"
    with pytest.raises(CommandFailed, match=refusal):
        Peer(trainer, Path("python"), tmp_path).prepare(f"ir:{tmp_path / 'room.wav'}", None)
    assert [each.name for each in tmp_path.iterdir()] == ["room.wav"]


@every_trainer
def test_a_python_that_is_not_there_is_a_sentence(trainer, tmp_path):
    peer = Peer(trainer, tmp_path / "no-python", tmp_path)
    with pytest.raises(CommandFailed, match=f"expected a Python with {trainer.name} in it"):
        peer.train(0.1)


@pytest.mark.parametrize(
    ("trainer", "lacking"),
    [
        (NAM, "NAM in it, but .* has none: install neural-amp-modeler==0.13.0 there"),
        (NABLAFX, "NablAFx in it, but .* has none: install nablafx==1.0.0 there"),
    ],
)
def test_a_python_without_the_peer_is_a_sentence_before_anything_is_rendered(
    trainer, lacking, bare_python, tmp_path
):
    folder = tmp_path / "work"
    folder.mkdir()
    with pytest.raises(CommandFailed, match=f"^expected a Python with {lacking}$"):
        Peer(trainer, bare_python, folder).prepare("builtin:Distortion", None)
    assert not list(folder.iterdir())


def test_a_trainer_that_keeps_nothing_in_its_time_is_a_sentence(tmp_path):
    side = tmp_path / "side.py"
    side.write_text("import sys, pathlib\npathlib.Path(sys.argv[2], 'snapshots').mkdir()\n")
    idle = PeerTrainer("Idler", "idler", "idler==1.0", side)
    with pytest.raises(CommandFailed, match=r"Idler kept nothing in 0\.1 minutes"):
        Peer(idle, Path(sys.executable), tmp_path).train(0.1)
