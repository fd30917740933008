"""What ``peer_trainers.py`` runs by NablAFx's own Python: its trainer, and playing.

    python nablafx_side.py train FOLDER MINUTES     # FOLDER holds {train,validation}_{dry,wet}.wav
    python nablafx_side.py play FOLDER WEIGHTS DRY.npy WET.npy

The network is its S4-S (4 blocks of 16 channels, states of 4) in its ``BlackBoxSystem``, with the
loss, optimizer, learning rates, clipping and schedule of its ``model_bb_s4-b4-s4-c16.yaml`` and
``trainer_bb.yaml`` (Comunità, Steinmetz and Reiss, arXiv 2502.11668). Every validation, a hundred
steps apart as its checkpoints are, leaves weights in ``FOLDER/snapshots``.

Its paper finds S4-L closer, but on a CPU a step of that took 3.2 s where S4-S took 0.37 s.

What differs from NablAFx as it stands:

- Batches are 4 segments of 8192 samples, not 16 of 3 s, a step of which took 66 s of a core; a
  minute of steps of 4 also learned more than one of 16 such segments. Validation is on 3 s each.
- Segments of silence are left out, for its spectral loss divides by their magnitude.
- Audio is read by soundfile, and optimizer and scheduler are built here to the same settings: its
  own code for these makes calls that torchaudio 2.11 and PyTorch 2.13 no longer have.
- Nothing is logged to Weights & Biases, and nothing stops the training early but the clock.
- Packages that it imports and S4 never calls are stood in for: PyPI's builds of torchaudio and
  torchvision need CUDA, and rational-activations is to be installed by hand.
"""

from __future__ import annotations

import importlib.abc
import sys
import time
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

BEGUN = time.monotonic()

NEVER_CALLED = ("torchaudio", "torchvision", "frechet_audio_distance", "rational")

S4_SMALL = {
    "num_blocks": 4,
    "s4_state_dim": 4,
    "channel_width": 16,
    "residual": True,
    "act_type": "tanh",
    "s4_learning_rate": 0.01,
}
LOSS = [{"name": "l1_loss", "weight": 0.5}, {"name": "mrstft_loss", "weight": 0.5}]
LEARNING_RATE, CLIPPED_AT, MOST_STEPS, SEED = 0.01, 10.0, 15_000, 42
HALVED_AFTER_EPOCHS = 20
STEPS_BETWEEN_SNAPSHOTS = 100

BATCH, SEGMENT_SAMPLES = 4, 8192
VALIDATION_SEGMENT_SAMPLES = 144_000

SILENT_RMS = 1e-3
"""-60 dBFS."""


class StandIns(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Lets packages be imported that are not there or cannot be loaded, as long as none is called.

    Args:
        packages: names; their submodules are stood in for as well.
    """

    def __init__(self, packages: tuple[str, ...]) -> None:
        self.packages = packages

    def find_spec(self, fullname, path=None, target=None):
        """Claim what is in one of the packages."""
        mine = fullname.split(".")[0] in self.packages
        return ModuleSpec(fullname, self, is_package=True) if mine else None

    def create_module(self, spec):
        """Return a module in which every name is an empty class."""
        return StandIn(spec.name)

    def exec_module(self, module):
        """Do nothing: there is nothing in it."""


class StandIn(ModuleType):
    """A module in which every name is an empty class."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


def train(folder: Path, minutes: float) -> None:
    """Run NablAFx's training until the time is up."""
    import lightning
    from torch.utils.data import DataLoader, TensorDataset

    lightning.seed_everything(SEED)
    learned = TensorDataset(*read_segments(folder / "train", SEGMENT_SAMPLES))
    judged = TensorDataset(*read_segments(folder / "validation", VALIDATION_SEGMENT_SAMPLES))
    batches = DataLoader(learned, BATCH, shuffle=True, drop_last=True)
    trainer = lightning.Trainer(
        max_steps=MOST_STEPS,
        max_time={"seconds": 60.0 * minutes - (time.monotonic() - BEGUN)},
        gradient_clip_val=CLIPPED_AT,
        gradient_clip_algorithm="value",
        val_check_interval=min(STEPS_BETWEEN_SNAPSHOTS, len(batches)),
        num_sanity_val_steps=0,
        callbacks=[snapshot_keeper(folder)],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(system(), batches, DataLoader(judged, len(judged)))


def read_segments(stem: Path, samples: int) -> list[torch.Tensor]:
    """Return dry and wet as ``(segment, 1, time)``."""
    import soundfile
    import torch

    dry, wet = (
        torch.from_numpy(soundfile.read(f"{stem}_{side}.wav", dtype="float32")[0])
        for side in ("dry", "wet")
    )
    return cut(dry, wet, samples)


def cut(dry: torch.Tensor, wet: torch.Tensor, samples: int) -> list[torch.Tensor]:
    """Cut ``(time,)`` into ``(segment, 1, time)``, without those in which wet is silent."""
    whole = len(wet) // samples * samples
    both = [sound[:whole].reshape(-1, 1, samples) for sound in (dry, wet)]
    heard = both[1].square().mean(dim=(1, 2)).sqrt() > SILENT_RMS
    return [segments[heard] for segments in both]


def network():
    """Return NablAFx's S4-S."""
    from nablafx.core import BlackBoxModel
    from nablafx.processors.s4 import S4

    return BlackBoxModel(S4(**S4_SMALL))


def system():
    """Return NablAFx's system around its network, which trains without Weights & Biases."""
    import torch
    from nablafx.core import BlackBoxSystem
    from nablafx.evaluation.flexible_loss import FlexibleLoss

    class System(BlackBoxSystem):
        def on_train_start(self):
            """Watch nothing."""

        def compute_and_log_loss(self, pred, target, mode, should_log=True):
            if mode == "val":
                self.log("ESR", (pred - target).square().sum() / target.square().sum())
            return super().compute_and_log_loss(pred, target, mode, should_log)

        def configure_optimizers(self):
            optimizer = torch.optim.AdamW(self.model.parameters(), lr=self.lr)
            plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(
                optimizer, factor=0.5, patience=HALVED_AFTER_EPOCHS
            )
            return [optimizer], [{"scheduler": plateau, "monitor": "loss/val/tot"}]

    return System(network(), FlexibleLoss(LOSS), LEARNING_RATE, use_callbacks=True)


def snapshot_keeper(folder: Path):
    """Return what writes the weights after every validation."""
    import lightning
    import torch

    snapshots = folder / "snapshots"
    snapshots.mkdir(exist_ok=True)

    class KeepSnapshots(lightning.Callback):
        def on_validation_end(self, trainer, pl_module):
            found = {name: float(value) for name, value in trainer.callback_metrics.items()}
            name = snapshot_name(time.monotonic() - BEGUN, found["loss/val/tot"], found["ESR"])
            torch.save(pl_module.model.state_dict(), snapshots / name)

    return KeepSnapshots()


def snapshot_name(seconds: float, loss: float, esr: float) -> str:
    """Return the name from which ``peer_trainers.py`` reads when and how good."""
    return f"{seconds:07.1f}_loss={loss:.4e}_ESR={esr:.4e}.pt"


def play(folder: Path, weights: Path, dry: Path, wet: Path) -> None:
    """Play ``(time,)`` through a snapshot."""
    import numpy
    import torch

    model = network().eval()
    model.load_state_dict(torch.load(weights))
    heard = torch.from_numpy(numpy.load(dry))[None, None]
    with torch.no_grad():
        numpy.save(wet, model(heard, None)[0, 0].numpy())


if __name__ == "__main__":
    sys.meta_path.insert(0, StandIns(NEVER_CALLED))
    action, place, *rest = sys.argv[1:]
    if action == "train":
        train(Path(place), float(rest[0]))
    else:
        play(Path(place), *map(Path, rest))
