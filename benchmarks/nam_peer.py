"""Neural Amp Modeler's own trainer as a peer: it learns from what wetprint learns from.

Its network, loss, optimizer and schedule are its own (``nam_side.py``, run by the Python of an
environment in which ``neural-amp-modeler==0.13.0`` is installed). It is given the audio already
rendered and aligned, and judged at the loudness that suits it best, since its trainer learns at one
of its own; neither is counted against it.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from choosing import NAM_TRAINER
from given import CommandFailed, judged_tracks, own_audio
from ledger import Outcome, Run, essential
from wetprint import audio
from wetprint.effects import open_effect
from wetprint.judging import evaluate
from wetprint.learning.config import LearnConfig
from wetprint.learning.gathering import gather_from_effect
from wetprint.learning.material import Take

NAM_SIDE = Path(__file__).with_name("nam_side.py")
SILENCE_SECONDS = 0.5
"""NAM wants silence in front of what it validates on."""

PROBED_SAMPLES, PROBED_RATE = 4800, 48_000
"""Of the silence that tells how many channels an effect has."""

WET_PEAK = 0.9
"""24-bit files hold no more than 1."""


@dataclass(frozen=True)
class Snapshot:
    """A checkpoint that the trainer took for one of its best.

    Attributes:
        path: of the checkpoint.
        seconds: since the trainer was started.
        own_esr: by its own validation.
    """

    path: Path
    seconds: float
    own_esr: float


class Nam:
    """One training in a folder of its own, and playing what came of it."""

    def __init__(self, python: Path, folder: Path) -> None:
        self.command = [str(python), str(NAM_SIDE)]
        self.folder = folder

    def prepare(self, spec: str, playing: Path | None) -> int:
        """Write what wetprint would learn from, and return its sample rate.

        Args:
            spec: of the effect.
            playing: a folder of dry recordings to be learned from as well.

        Raises:
            CommandFailed: the effect has more than one channel.
        """
        effect = open_effect(spec)
        channels = effect.process(np.zeros((1, PROBED_SAMPLES), np.float32), PROBED_RATE).shape[0]
        if channels > 1:
            raise CommandFailed(f"NAM learns one channel, and this effect has {channels}")
        heard = gather_from_effect(effect, LearnConfig(), playing)
        for part, takes in (("train", heard.training), ("validation", heard.validation)):
            write_pair(self.folder / part, takes, heard.sample_rate)
        return heard.sample_rate

    def train(self, minutes: float) -> list[Snapshot]:
        """Run the trainer and return what it held for one of its best, in the order of time.

        An epoch that is under way when the time is up is ended and judged, so that the last ones
        may be later than that.

        Raises:
            CommandFailed: it ended with an error, or kept nothing.
        """
        self._run("train", self.folder, f"{minutes:g}")
        found = sorted((self.folder / "snapshots").iterdir())
        if not found:
            raise CommandFailed(f"NAM's trainer kept nothing in {minutes:g} minutes")
        return [
            Snapshot(
                each,
                float(each.name.split("_")[0]),
                float(each.name.split("ESR=")[1].split("_")[0]),
            )
            for each in found
        ]

    def play(self, snapshot: Snapshot, dry: np.ndarray) -> np.ndarray:
        """Play ``(1, time)`` through a checkpoint."""
        into, out = self.folder / "dry.npy", self.folder / "played.npy"
        np.save(into, dry[0].astype(np.float32))
        self._run("play", self.folder, snapshot.path, into, out)
        return np.load(out)[None]

    def _run(self, *arguments: str | Path) -> None:
        command = [*self.command, *map(str, arguments)]
        try:
            ran = subprocess.run(command, capture_output=True, text=True, check=False)
        except OSError as error:
            raise CommandFailed(f"expected a Python with NAM in it, but {error}") from error
        if ran.returncode:
            raise CommandFailed(f"{' '.join(command)}\nended with {ran.returncode}: {ran.stderr}")


def measure_nam(run: Run, spec: str, data: Path, python: Path) -> Outcome:
    """Train within the minutes of a run, and judge what the trainer itself would keep by then.

    Args:
        run: which; learned from generated audio or with playing.
        spec: of the effect.
        data: the folder with the recordings.
        python: of an environment with NAM in it.

    Raises:
        CommandFailed: the effect is not mono, or NAM's trainer failed or kept nothing.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        peer = Nam(python, folder)
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
    return Outcome(run, took, NAM_TRAINER, None, tuple(passages), history)


def kept_within(snapshots: Sequence[Snapshot], seconds: float) -> Snapshot:
    """Return the best by its own validation of those in time; the first one where none was."""
    in_time = [each for each in snapshots if each.seconds <= seconds]
    return min(in_time or snapshots[:1], key=lambda each: each.own_esr)


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
