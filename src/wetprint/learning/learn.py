"""Learning a model, from an effect or from recordings."""

from __future__ import annotations

import dataclasses
import math
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from wetprint.effects import Effect
from wetprint.errors import LearningError, nearest_names
from wetprint.learning.budget import Budget
from wetprint.learning.checkpoint import checkpoint_path, read_checkpoint
from wetprint.learning.clocks import on_one_clock
from wetprint.learning.config import LearnConfig
from wetprint.learning.device import choose_device
from wetprint.learning.gathering import gather_from_effect, gather_from_pairs
from wetprint.learning.material import Material, takes_esr
from wetprint.learning.race import Candidate, Race
from wetprint.models.model import Model
from wetprint.models.recipes import RECIPES, Recipe
from wetprint.pairs import Pair
from wetprint.progress import Progress, silent


@dataclass(frozen=True)
class Learned:
    """The outcome of a run.

    Attributes:
        model: the winner.
        candidates: every chain tried, the winner first.
        material: what it was learned from and judged on.
        interrupted: whether the run was cut short.
        resumable: whether it can be gone on with: training had begun, and its state was put away.
        notes: what the user should know.
    """

    model: Model
    candidates: tuple[Candidate, ...]
    material: Material
    interrupted: bool
    resumable: bool = False
    notes: tuple[str, ...] = ()


def learn_effect(
    effect: Effect,
    config: LearnConfig | None = None,
    *,
    training_audio: str | os.PathLike[str] | None = None,
    soundfont: str | os.PathLike[str] | None = None,
    output: str | os.PathLike[str] | None = None,
    resume: bool = False,
    started: float | None = None,
    progress: Progress = silent,
) -> Learned:
    """Learn an effect that can be driven.

    Args:
        effect: what to learn.
        config: how, and for how long.
        training_audio: folder of playing to learn from, beside what is generated.
        soundfont: sampled instruments for generated playing, instead of the built-in ones.
        output: where the model will be written; an interrupted run keeps its state beside it.
        resume: take up the interrupted run that was to write ``output``.
        started: ``time.monotonic()`` at which the budget began; now by default.
        progress: told how far the run is.

    Raises:
        EffectError: the effect cannot be rendered.
        LearningError: it is silent, or does not suit the model that was asked for.
    """
    config = config or LearnConfig()
    source: dict[str, Any] = {"effect": effect.spec}
    if training_audio is not None:
        source["training_audio"] = Path(training_audio).name
    if soundfont is not None:
        source["soundfont"] = Path(soundfont).name

    def gather() -> Material:
        folder = None if training_audio is None else Path(training_audio)
        sampled = None if soundfont is None else Path(soundfont)
        return gather_from_effect(effect, config, folder, sampled, progress)

    return _learn(gather, source, config, output, resume, started, progress)


def learn_pairs(
    pairs: Sequence[Pair],
    config: LearnConfig | None = None,
    *,
    output: str | os.PathLike[str] | None = None,
    resume: bool = False,
    started: float | None = None,
    progress: Progress = silent,
) -> Learned:
    """Learn from dry and wet recordings that are checked and aligned; see learn_effect.

    Raises:
        LearningError: the recordings do not belong to one effect, or do not suit the model that
            was asked for.
    """
    config = config or LearnConfig()
    source = {"recordings": [pair.name for pair in pairs]}

    def gather() -> Material:
        return gather_from_pairs(pairs, config)

    return _learn(gather, source, config, output, resume, started, progress)


def chosen_recipes(name: str) -> list[Recipe]:
    """Return the recipes that run for a ``--model``; baselines run when they are asked for.

    Raises:
        LearningError: there is no such recipe.
    """
    if name == "auto":
        return [each for each in RECIPES.values() if not each.baseline]
    if name not in RECIPES:
        known = nearest_names(name, ["auto", *RECIPES])
        raise LearningError(f"there is no model '{name}'{known}")
    return [RECIPES[name]]


@threadpool_limits.wrap(limits=1, user_api="blas")  # most products are small: threads only wait
def _learn(
    gather: Callable[[], Material],
    source: dict[str, Any],
    config: LearnConfig,
    output: str | os.PathLike[str] | None,
    resume: bool,
    started: float | None,
    progress: Progress,
) -> Learned:
    recipes = chosen_recipes(config.model)
    device = choose_device(config.device)
    budget = Budget(config.minutes, config.steps, time.monotonic() if started is None else started)
    checkpoint = None if output is None else checkpoint_path(output)
    settings = dataclasses.asdict(config)
    identity = {**source, **{key: settings[key] for key in settings if key != "minutes"}}
    if resume:
        if checkpoint is None:
            raise LearningError("an interrupted run is found by its output; give it to resume")
        budget.spent_before_seconds = read_checkpoint(checkpoint, identity)[0]["elapsed_seconds"]
    material = on_one_clock(gather(), budget.stop_solving(), progress)
    race = Race(material, config, budget, device, identity, checkpoint, resume, progress)
    candidates = race.run(recipes)
    if checkpoint is not None and not race.interrupted:
        checkpoint.unlink(missing_ok=True)
    source = {**source, "training_seconds": round(material.training_seconds, 3)}
    winner = candidates[0]
    model = Model(
        chain=winner.chain.cpu().requires_grad_(False),
        sample_rate=material.sample_rate,
        learned_from=source,
        verdict=_verdict(candidates, material),
        settings={**settings, "steps_done": winner.steps},
    )
    resumable = race.interrupted and checkpoint is not None and checkpoint.exists()
    notes = (*material.notes, *race.notes)
    return Learned(model, tuple(candidates), material, race.interrupted, resumable, notes)


def _verdict(candidates: list[Candidate], material: Material) -> dict[str, Any]:
    """Say how close the winner came on the validation takes, and beside what."""
    linear = [each.error for each in candidates if each.recipe == "linear"]
    return {
        "esr": candidates[0].error,
        "dry_esr": takes_esr(
            material.validation,
            lambda take: take.dry[:, take.heard_from :].mean(0, keepdims=True, dtype=np.float64),
        ),
        "linear_esr": linear[0] if linear else None,
        "repeatability_esr": material.repeatability,
        "history": [
            [round(each.seconds, 2), each.error]
            for each in candidates[0].history
            if math.isfinite(each.error)  # a model file holds numbers only
        ],
        "candidates": [
            {"recipe": each.recipe, "esr": each.error, "seconds": round(each.seconds, 2)}
            for each in candidates
        ],
    }
