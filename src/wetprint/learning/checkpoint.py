"""Putting a training run away and taking it up again: a safetensors file, no pickled code."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from wetprint.errors import ModelFileError
from wetprint.learning.entrant import Entrant
from wetprint.learning.training import Judgement, Training
from wetprint.models.chain import Chain
from wetprint.models.registry import block_to_dict, chain_from_list
from wetprint.outputs import replacing

CHECKPOINT_VERSION = 5


def checkpoint_path(model_path: str | os.PathLike[str]) -> Path:
    """Return where the run that will write ``model_path`` keeps its state meanwhile."""
    path = Path(model_path)
    return path.with_name(path.name + ".resume")


def save_checkpoint(
    entrant: Entrant, path: Path, run: dict[str, Any], elapsed_seconds: float
) -> None:
    """Write the state of a run, whole or not at all.

    Args:
        entrant: the run.
        path: see checkpoint_path.
        run: what identifies the run (configuration and source); compared on resuming.
        elapsed_seconds: time spent so far.
    """
    training = entrant.training
    base = None if entrant.base is None else entrant.base.chain
    tensors = {f"weight.{name}": each for name, each in training.chain.state_dict().items()}
    tensors |= {f"mean.{name}": each for name, each in training.mean_weights.items()}
    tensors |= {f"best.{name}": each for name, each in training.best_weights.items()}
    for index, state in training.optimizer.state_dict()["state"].items():
        tensors |= {f"adam.{index}.{key}": torch.as_tensor(each) for key, each in state.items()}
    if base is not None:
        tensors |= {f"base.{name}": each for name, each in base.state_dict().items()}
    header = {
        "version": CHECKPOINT_VERSION,
        "run": run,
        "recipe": entrant.recipe,
        "chain": [block_to_dict(block) for block in training.chain],
        "base": None if base is None else [block_to_dict(block) for block in base],
        "base_recipe": None if entrant.base is None else entrant.base.recipe,
        "base_error": entrant.left,
        "elapsed_seconds": elapsed_seconds,
        "step": training.step,
        "astray": training.astray,
        "best_error": training.best_error,
        "history": [dataclasses.astuple(each) for each in training.history],
        "generator": training.generator.bit_generator.state,
    }
    with replacing(path) as scratch:
        plain = {name: each.detach().cpu().contiguous() for name, each in tensors.items()}
        scratch.write_bytes(save(plain, metadata={"wetprint-resume": json.dumps(header)}))


def read_checkpoint(
    path: Path, run: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    """Read a run's state: its header and its tensors.

    Args:
        path: see checkpoint_path.
        run: what identifies the run that wants to go on; must equal what was put away.

    Raises:
        ModelFileError: no such file, damaged, or of another run.
    """
    if not path.is_file():
        raise ModelFileError(f"there is no interrupted run to resume: no file {path}")
    try:
        with safe_open(path, framework="pt") as opened:
            header = json.loads((opened.metadata() or {})["wetprint-resume"])
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    except (SafetensorError, KeyError, ValueError) as error:
        raise ModelFileError(
            f"{path} is damaged and cannot be resumed ({error!s:.200}); remove it and learn anew"
        ) from error
    if header.get("version") != CHECKPOINT_VERSION:
        raise ModelFileError(
            f"{path} was written by another version of wetprint; remove it and learn anew"
        )
    plain = json.loads(json.dumps(run))
    for key in sorted(header["run"].keys() | plain.keys()):
        before, now = header["run"].get(key), plain.get(key)
        if before != now:
            raise ModelFileError(
                f"the interrupted run in {path} had {key} {before!r}, this one has {now!r}; "
                "give the same, or remove the file and learn anew"
            )
    return header, tensors


def chains_of(
    header: dict[str, Any], tensors: dict[str, torch.Tensor]
) -> tuple[Chain, Chain | None]:
    """Build what a saved run trained, its weights yet to come, and the solved chain beside it.

    Raises:
        ModelFileError: the header describes no chain.
    """
    try:
        chain = chain_from_list(header["chain"])
        base = None if header["base"] is None else chain_from_list(header["base"])
        if base is not None:
            base.load_state_dict(_under("base.", tensors))
            base.requires_grad_(False)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ModelFileError(f"the interrupted run holds no chain: {error!s:.200}") from error
    return chain, base


def restore(training: Training, header: dict[str, Any], tensors: dict[str, torch.Tensor]) -> None:
    """Bring a fresh run to where the saved one stood.

    Raises:
        ModelFileError: the saved run trained another chain.
    """
    try:
        training.chain.load_state_dict(_under("weight.", tensors))
    except RuntimeError as error:
        raise ModelFileError(f"the interrupted run trained another chain: {error}") from error
    training.mean_weights = _under("mean.", tensors)
    training.best_weights = _under("best.", tensors)
    state: dict[int, dict[str, torch.Tensor]] = {}
    for name, each in _under("adam.", tensors).items():
        index, key = name.split(".", 1)
        state.setdefault(int(index), {})[key] = each
    known = training.optimizer.state_dict()
    training.optimizer.load_state_dict({"state": state, "param_groups": known["param_groups"]})
    training.step, training.astray = header["step"], header["astray"]
    training.best_error = header["best_error"]
    training.history = [Judgement(*each) for each in header["history"]]
    training.generator.bit_generator.state = header["generator"]


def _under(prefix: str, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {
        name.removeprefix(prefix): each for name, each in tensors.items() if name.startswith(prefix)
    }
