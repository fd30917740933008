"""Others' own trainers as peers: each learns from what wetprint learns from.

A peer's network, loss, optimizer and schedule are its own (``nam_side.py``, ``nablafx_side.py``,
each run by the Python of an environment in which the peer is installed). It is given the audio
already rendered and aligned, and judged at the loudness that suits it best, since a trainer may
learn at one of its own; neither is counted against it.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from choosing import NABLAFX_TRAINER, NAM_TRAINER
from given import CommandFailed, judged_tracks, own_audio
from ledger import Outcome, Run, essential
from wetprint import audio
from wetprint.effects import open_effect
from wetprint.judging import evaluate
from wetprint.learning.config import LearnConfig
from wetprint.learning.gathering import gather_from_effect
from wetprint.learning.material import Take

SILENCE_SECONDS = 0.5
"""NAM wants silence in front of what it validates on."""

PROBED_SAMPLES, PROBED_RATE = 4800, 48_000
"""Of the silence that tells how many channels an effect has."""

WET_PEAK = 0.9
"""24-bit files hold no more than 1."""


@dataclass(frozen=True)
class PeerTrainer:
    """What is run in an environment of its own.

    Attributes:
        name: of the peer.
        package: what it is imported as.
        requirement: what pip installs it from.
        side: the script that trains and plays; it takes ``train FOLDER MINUTES`` and ``play FOLDER
            SNAPSHOT DRY.npy WET.npy``, and leaves ``FOLDER/snapshots``.
    """

    name: str
    package: str
    requirement: str
    side: Path


NAM = PeerTrainer(
    "NAM", "nam", "neural-amp-modeler==0.13.0", Path(__file__).with_name("nam_side.py")
)
NABLAFX = PeerTrainer(
    "NablAFx", "nablafx", "nablafx==1.0.0", Path(__file__).with_name("nablafx_side.py")
)
PEER_TRAINERS = {NAM_TRAINER: NAM, NABLAFX_TRAINER: NABLAFX}
"""By what a run calls them."""


def add_python_options(parser: argparse.ArgumentParser) -> None:
    """Let the command line name the Python of each peer, as ``--PACKAGE-python``."""
    for trainer in PEER_TRAINERS.values():
        parser.add_argument(
            f"--{trainer.package}-python",
            type=Path,
            metavar="PYTHON",
            help=f"train {trainer.name} beside, by this Python's {trainer.package}",
        )


def asked_pythons(asked: argparse.Namespace) -> dict[str, Path]:
    """Return the Pythons that the command line names, by what a run calls the peer."""
    named = {
        name: getattr(asked, f"{trainer.package}_python") for name, trainer in PEER_TRAINERS.items()
    }
    return {name: python for name, python in named.items() if python is not None}


@dataclass(frozen=True)
class Snapshot:
    """Weights that the trainer kept on its way.

    Attributes:
        path: of the file.
        seconds: since the trainer was started.
        own_esr: by its own validation.
        own_loss: what its own validation chooses by.
    """

    path: Path
    seconds: float
    own_esr: float
    own_loss: float


class Peer:
    """One training in a folder of its own, and playing what came of it."""

    def __init__(self, trainer: PeerTrainer, python: Path, folder: Path) -> None:
        self.trainer, self.python, self.folder = trainer, python, folder

    def prepare(self, spec: str, playing: Path | None) -> int:
        """Write what wetprint would learn from, and return its sample rate.

        Args:
            spec: of the effect.
            playing: a folder of dry recordings to be learned from as well.

        Raises:
            CommandFailed: the effect has more than one channel, or the Python lacks the peer.
        """
        effect = open_effect(spec)
        channels = effect.process(np.zeros((1, PROBED_SAMPLES), np.float32), PROBED_RATE).shape[0]
        if channels > 1:
            name = self.trainer.name
            raise CommandFailed(f"{name} learns one channel, and this effect has {channels}")
        self.refuse_a_python_without_it()
        heard = gather_from_effect(effect, LearnConfig(), playing)
        for part, takes in (("train", heard.training), ("validation", heard.validation)):
            write_pair(self.folder / part, takes, heard.sample_rate)
        return heard.sample_rate

    def train(self, minutes: float) -> list[Snapshot]:
        """Run the trainer and return what it kept on its way, in the order of time.

        What is under way when the time is up may be ended and judged, so that the last ones may be
        later than that.

        Raises:
            CommandFailed: it ended with an error, or kept nothing.
        """
        self._run(self.trainer.side, "train", self.folder, f"{minutes:g}")
        found = sorted((self.folder / "snapshots").iterdir())
        if not found:
            raise CommandFailed(f"{self.trainer.name} kept nothing in {minutes:g} minutes")
        return [snapshot_at(each) for each in found]

    def play(self, snapshot: Snapshot, dry: np.ndarray) -> np.ndarray:
        """Play ``(1, time)`` through a snapshot."""
        into, out = self.folder / "dry.npy", self.folder / "played.npy"
        np.save(into, dry[0].astype(np.float32))
        self._run(self.trainer.side, "play", self.folder, snapshot.path, into, out)
        return np.load(out)[None]

    def refuse_a_python_without_it(self) -> None:
        """Say so where the peer is not installed.

        Raises:
            CommandFailed: the Python is not there, or lacks the peer.
        """
        look = f"import importlib.util; print(importlib.util.find_spec({self.trainer.package!r}))"
        if self._run("-c", look).strip() == "None":
            raise CommandFailed(
                f"expected a Python with {self.trainer.name} in it, but {self.python} has none: "
                f"install {self.trainer.requirement} there"
            )

    def _run(self, *arguments: str | Path) -> str:
        command = [str(self.python), *map(str, arguments)]
        try:
            ran = subprocess.run(command, capture_output=True, text=True, check=False)
        except OSError as error:
            name = self.trainer.name
            raise CommandFailed(f"expected a Python with {name} in it, but {error}") from error
        if ran.returncode:
            raise CommandFailed(f"{' '.join(command)}\nended with {ran.returncode}: {ran.stderr}")
        return ran.stdout


def snapshot_at(path: Path) -> Snapshot:
    """Read from a snapshot's name, ``SECONDS_..._ESR=..._....``, when it was and how good.

    A trainer that chooses by something else than the ESR tells it as ``loss=``.
    """
    seconds, *fields = path.stem.split("_")
    told = dict(field.split("=", 1) for field in fields if "=" in field)
    own_esr = float(told["ESR"])
    return Snapshot(path, float(seconds), own_esr, float(told.get("loss", own_esr)))


def measure_peer(run: Run, spec: str, data: Path, python: Path) -> Outcome:
    """Train within the minutes of a run, and judge what the trainer itself would keep by then.

    Args:
        run: which, and by which peer; learned from generated audio or with playing.
        spec: of the effect.
        data: the folder with the recordings.
        python: of an environment with the peer in it.

    Raises:
        CommandFailed: the effect is not mono, or the trainer is not there, failed or kept nothing.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        peer = Peer(PEER_TRAINERS[run.model], python, folder)
        rate = peer.prepare(spec, own_audio(data, folder) if run.source == "playing" else None)
        begun = time.monotonic()
        snapshots = peer.train(run.minutes)
        took = time.monotonic() - begun
        best = kept_within(snapshots, 60.0 * run.minutes)
        effect = open_effect(spec)
        passages = []
        for track in judged_tracks(data):
            dry, _ = audio.read(track, rate)
            wet = effect.process(dry, rate)
            played = best_scaled(peer.play(best, dry), wet)
            found = evaluate(played, wet, dry, rate)
            passages.append(essential({"name": track.stem, **found.to_json()}))
    history = tuple((each.seconds, each.own_esr) for each in snapshots)
    return Outcome(run, took, run.model, None, tuple(passages), history)


def kept_within(snapshots: Sequence[Snapshot], seconds: float) -> Snapshot:
    """Return the best by its own validation of those in time; the first one where none was."""
    in_time = [each for each in snapshots if each.seconds <= seconds]
    return min(in_time or snapshots[:1], key=lambda each: each.own_loss)


def write_pair(stem: Path, takes: Sequence[Take], rate: int) -> None:
    """Write takes in a row; what lies before a take's scored part is heard as its past."""
    gap = np.zeros((1, int(SILENCE_SECONDS * rate)), np.float32)
    for side in ("dry", "wet"):
        parts = [part for take in takes for part in (gap, getattr(take, side))]
        joined = np.concatenate(parts, axis=1)
        if side == "wet":  # its loudness is one of the trainer's own anyway
            joined *= WET_PEAK / float(np.abs(joined).max())
        audio.write(stem.with_name(f"{stem.name}_{side}.wav"), joined, rate)


def best_scaled(played: np.ndarray, wet: np.ndarray) -> np.ndarray:
    """Return what was played, ``(1, time)``, at the loudness that leaves least of wet."""
    heard, target = played.astype(np.float64), wet[:1].astype(np.float64)
    gain = np.sum(heard * target) / np.sum(heard * heard)
    return (gain * heard).astype(np.float32)
