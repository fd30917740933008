"""What ``peer_trainers.py`` runs by Neural Amp Modeler's own Python: its trainer, and playing.

    python nam_side.py train FOLDER MINUTES     # FOLDER holds {train,validation}_{dry,wet}.wav
    python nam_side.py play FOLDER CHECKPOINT DRY.npy WET.npy

The trainer is ``nam.train.full``, as it stands, on its standard WaveNet with the loss, optimizer
and schedule of its own settings. While it runs, every checkpoint that it writes is copied to
``FOLDER/snapshots``, its name preceded by the seconds since this process began.
"""

from __future__ import annotations

import json
import shutil
import sys
import threading
import time
from pathlib import Path

BEGUN = time.monotonic()

SEGMENT_SAMPLES, BATCH = 8192, 16


def model_config() -> dict:
    """Return NAM's standard network with the settings that its simplified trainer uses."""
    import nam

    resource = Path(nam.__file__).parent / "train" / "_resources" / "config_model_packed.json"
    config = json.loads(resource.read_text(encoding="utf-8"))
    shared = {
        "condition_size": 1,
        "kernel_size": 3,
        "dilations": [2**power for power in range(10)],
        "activation": "Tanh",
    }

    def head(channels: int, bias: bool) -> dict:
        return {"out_channels": channels, "kernel_size": 1, "bias": bias}

    arrays = [
        {**shared, "input_size": 1, "channels": 16, "head": head(8, False)},
        {**shared, "input_size": 16, "channels": 8, "head": head(1, True)},
    ]
    config["net"] = {"name": "WaveNet", "config": {"layers_configs": arrays, "head_scale": 0.02}}
    return config


def train(folder: Path, minutes: float) -> None:
    """Run NAM's trainer until the time is up."""
    from nam.train.full import main as nam_main

    def sound(part: str) -> dict:
        return {
            "x_path": str(folder / f"{part}_dry.wav"),
            "y_path": str(folder / f"{part}_wet.wav"),
        }

    left = 60.0 * minutes - (time.monotonic() - BEGUN)
    threading.Thread(target=keep_snapshots, args=(folder,), daemon=True).start()
    nam_main(
        {
            "train": {**sound("train"), "ny": SEGMENT_SAMPLES},
            "validation": {**sound("validation"), "ny": None},
            "common": {"delay": 0},
            "joint": [
                {
                    "name": "nam.data.normalize_joint_dataset_output",
                    "kwargs": {"level_rms_dbfs": -18.0},
                }
            ],
        },
        model_config(),
        {
            "train_dataloader": {"batch_size": BATCH, "shuffle": True, "drop_last": True},
            "val_dataloader": {},
            "trainer": {"max_epochs": 100_000, "max_time": {"seconds": left}},
        },
        folder,
        no_show=True,
        make_plots=False,
    )
    collect(folder)


def keep_snapshots(folder: Path) -> None:
    """Copy checkpoints as they appear, for the trainer deletes what is no longer among the best."""
    while True:
        time.sleep(1.0)
        collect(folder)


def collect(folder: Path) -> None:
    """Copy the checkpoints that were not there before."""
    snapshots = folder / "snapshots"
    snapshots.mkdir(exist_ok=True)
    known = {each.name.split("_", 1)[1] for each in snapshots.iterdir()}
    for found in folder.glob("lightning_logs/**/*ESR=*.ckpt"):
        if found.name not in known and time.time() - found.stat().st_mtime > 0.5:
            shutil.copy(found, snapshots / f"{time.monotonic() - BEGUN:07.1f}_{found.name}")


def play(folder: Path, checkpoint: Path, dry: Path, wet: Path) -> None:
    """Play ``(time,)`` through a checkpoint."""
    import numpy
    import torch
    from nam.train.lightning_module import LightningModule

    config = LightningModule.parse_config(json.loads((folder / "config_model.json").read_text()))
    module = LightningModule.load_from_checkpoint(checkpoint, **config).eval()
    heard = torch.from_numpy(numpy.load(dry))
    with torch.no_grad():
        numpy.save(wet, module.net(heard, pad_start=True).numpy())


if __name__ == "__main__":
    action, place, *rest = sys.argv[1:]
    if action == "train":
        train(Path(place), float(rest[0]))
    else:
        play(Path(place), *map(Path, rest))
