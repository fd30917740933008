"""A filter whose cutoff follows the level, played on what was heard, and a step to a better one.

Few numbers make it: four times, a curve from the level to the cutoff, the damping. The mix of what
is heard (``blocks/envelope_filter.py``) is linear and is solved anew for each of them (Golub and
Pereyra 1973, doi:10.1137/0710036); how the rest changes what is played is measured, one number
after the other, since each playing takes milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

import numpy as np
import torch
from scipy.signal import resample_poly
from torch import Tensor

from wetprint.blocks.envelope_filter import (
    HIGHEST_LOG_CUTOFF,
    LOWEST_LOG_CUTOFF,
    EnvelopeFilter,
    EnvelopeFilterConfig,
    polynomial,
)
from wetprint.engine.state_variable import state_variable
from wetprint.identify.gain_heard import loudest
from wetprint.identify.recording import Recording

STRETCH_SECONDS, SETTLING_SECONDS = 4.0, 1.0
"""Length of what is listened to in one piece, and how much of it only sets the follower going."""

TIMES = ("window_log", "attack_log", "release_log", "smoothing_log")
SHORTEST_TIME_LOG, LONGEST_TIME_LOG = -2.0, 13.0

CHANGE = 1e-3
"""Of a number, by which its effect is measured."""

LONGEST_STEP = 1.0

MIX_RIDGE = 1e-8
ROUGHNESS = 1e-4
"""What keeps the curve smooth where few levels were heard, beside what is left."""

HIGHEST_ANGLE = 1.5
"""Of a cutoff at a lower rate: just below half of that."""

FARTHEST = 1.0
"""By how much, a logarithm, the curve goes on beyond what was heard."""


@dataclass(frozen=True)
class FilterHeard:
    """Stretches of what was heard.

    Attributes:
        dry: what the follower hears, ``(stretches, 1, time)``.
        sound: what is filtered, the same at a rate that is lower by ``factor``.
        wet: what came out, ``(stretches, time / factor)``.
        counts: where it counts, of 0 and 1, likewise.
        factor: by which the rate is lower.
    """

    dry: Tensor
    sound: Tensor
    wet: np.ndarray
    counts: np.ndarray
    factor: int = 1

    @property
    def energy(self) -> float:
        """Of what came out where it counts."""
        return float(np.square(self.wet * self.counts).sum(dtype=np.float64))

    def at_lower_rate(self, factor: int, stretches: int) -> FilterHeard:
        """Return some of it, of which everything but the follower hears only the lower part."""
        some = slice(stretches)
        sound, wet = (
            resample_poly(each, 1, factor, axis=-1).astype(np.float32)
            for each in (self.sound[some].numpy(), self.wet[some])
        )
        counts = self.counts[some, ::factor]
        return FilterHeard(self.dry[some], torch.from_numpy(sound), wet, counts, factor)


def hear_filter(
    recordings: Sequence[Recording], sample_rate: int, stretches: int
) -> FilterHeard | None:
    """Cut stretches out of recordings: half of them the loudest, half evenly spread, in turns.

    Args:
        recordings: with a mono dry side; of several wet channels the loudest is heard.
        sample_rate: Hz.
        stretches: how many, at most.

    Returns:
        None where they are silent.
    """
    longest = max((each.dry.shape[1] for each in recordings), default=0)
    length = min(round(STRETCH_SECONDS * sample_rate), longest)
    settling = min(round(SETTLING_SECONDS * sample_rate), length // 3)
    places = [
        (each, start)
        for each in recordings
        for start in range(0, each.dry.shape[1] - length + 1, max(1, length - settling))
    ]

    loudness = [np.abs(each.dry[0, at : at + length]).max() for each, at in places]
    order = np.argsort(loudness)[::-1]
    loudest_ones, rest = order[: stretches // 2], np.sort(order[stretches // 2 :])
    spread = np.linspace(0, len(rest) - 1, min(stretches - len(loudest_ones), len(rest)))
    both = zip_longest(rest[spread.round().astype(int)], loudest_ones)
    chosen = [places[each] for pair in both for each in pair if each is not None]
    if not chosen:
        return None
    dry, wet = (
        np.stack([side(each)[start : start + length] for each, start in chosen]).astype(np.float32)
        for side in (lambda each: each.dry[0], lambda each: loudest(each.wet))
    )
    counts = np.ones(wet.shape, np.float32)
    for row, (_, start) in zip(counts, chosen, strict=True):
        row[: settling if start else 0] = 0.0
    sound = torch.from_numpy(dry)[:, None]
    heard = FilterHeard(sound, sound, wet, counts)
    return heard if heard.energy > 0.0 else None


@dataclass(frozen=True)
class FilterModel:
    """A filter whose cutoff follows the level, without its mix.

    Attributes:
        config: how it is built.
        times: of TIMES, logarithms in samples, ``(4,)``.
        log_cutoff: see EnvelopeFilter.
        log_damping: see EnvelopeFilter.
    """

    config: EnvelopeFilterConfig
    times: np.ndarray
    log_cutoff: np.ndarray
    log_damping: np.ndarray

    @property
    def parameters(self) -> np.ndarray:
        """Everything that steps move, ``(parameters,)``."""
        return np.concatenate([self.times, self.log_cutoff, self.log_damping])

    def moved(self, step: np.ndarray) -> FilterModel:
        """Return where a step leads to."""
        parameters = self.parameters + np.clip(step, -LONGEST_STEP, LONGEST_STEP)
        times, cutoff, damping = np.split(parameters, [4, 4 + len(self.log_cutoff)])
        times = np.clip(times, SHORTEST_TIME_LOG, LONGEST_TIME_LOG)
        return FilterModel(self.config, times, cutoff, damping)

    def richer(self, damping_terms: int, mix_terms: int) -> FilterModel:
        """Return the same with longer polynomials, whose new terms are 0."""
        config = replace(self.config, damping_terms=damping_terms, mix_terms=mix_terms)
        longer = np.pad(self.log_damping, (0, damping_terms - len(self.log_damping)))
        return replace(self, config=config, log_damping=longer)

    def with_sections(self, sections: int) -> FilterModel:
        """Return the same with so many sections in a row."""
        return replace(self, config=replace(self.config, sections=sections))

    def on_finer_grid(self) -> FilterModel:
        """Return the same with its curve on intervals half as long (Lane and Riesenfeld 1980)."""
        curve = self.log_cutoff
        finer = np.empty(2 * len(curve) - 3)
        finer[0::2] = 0.5 * (curve[:-1] + curve[1:])
        finer[1::2] = (curve[:-2] + 6.0 * curve[1:-1] + curve[2:]) / 8.0
        return replace(self, config=replace(self.config, knots=len(finer)), log_cutoff=finer)

    def block(self, mix: np.ndarray | None = None) -> EnvelopeFilter:
        """Return the block that plays it."""
        block = EnvelopeFilter(self.config)
        named = dict(zip(TIMES, self.times, strict=True))
        named |= {"log_cutoff": self.log_cutoff, "log_damping": self.log_damping}
        for name, value in named.items():
            getattr(block, name).data = torch.tensor(value, dtype=torch.float32)
        if mix is not None:
            block.mix.data = torch.from_numpy(mix).float()
        return block


class PlayedFilter:
    """A model played on what was heard, with everything that the next step needs.

    Attributes:
        model: what is played.
        heard: what it is compared with.
        mix: that leaves least, ``(1 + 2 sections, mix_terms)``.
        error: its error-to-signal ratio.
    """

    def __init__(
        self,
        model: FilterModel,
        heard: FilterHeard,
        level: Tensor | None = None,
        standing: float | None = None,
    ) -> None:
        """Play a model; see ``states_of``."""
        self.model, self.heard = model, heard
        self.columns = self._columns(*states_of(model, heard, level, standing))
        gram = (self.columns @ self.columns.T).astype(np.float64)
        wet = (heard.wet * heard.counts).ravel()
        scale = 1.0 / np.sqrt(np.diag(gram) + 1e-20)
        scaled = gram * scale * scale[:, None] + MIX_RIDGE * np.eye(len(scale))
        shares = np.linalg.solve(scaled, scale * (self.columns @ wet)) * scale
        self.mix = shares.reshape(1 + 2 * model.config.sections, -1)
        self.residual = wet - shares.astype(np.float32) @ self.columns
        self.error = float(np.square(self.residual).sum(dtype=np.float64)) / heard.energy

    def moved(self, step: np.ndarray) -> PlayedFilter:
        """Play the model that a step leads to."""
        return PlayedFilter(self.model.moved(step), self.heard)

    def step(self, damping: float, inner_steps: int, stop: Callable[[], bool]) -> np.ndarray:
        """Return a damped Gauss-Newton step, ``(parameters,)``; there are few: it is solved."""
        count, knots = len(self.model.parameters), len(self.model.log_cutoff)
        slopes = np.concatenate([self._slopes(), self.columns])
        matrix, right = (slopes @ slopes.T).astype(np.float64), slopes @ self.residual
        right = right.astype(np.float64)
        bends = np.diff(np.eye(knots), 2, axis=0)
        cutoff, weight = slice(4, 4 + knots), ROUGHNESS * self.error * self.heard.energy
        matrix[cutoff, cutoff] += weight * bends.T @ bends
        right[cutoff] -= weight * bends.T @ (bends @ self.model.log_cutoff)
        floor = 1e-9 * self.heard.energy
        matrix += np.diag(damping * np.diag(matrix) + floor)
        return np.clip(np.linalg.solve(matrix, right)[:count], -LONGEST_STEP, LONGEST_STEP)

    def _columns(self, parts: Tensor, beyond: Tensor) -> np.ndarray:
        """Return what the mix is a linear map of, ``(states * terms, samples)``."""
        powers = [torch.ones_like(beyond)]
        for _ in range(self.model.config.mix_terms - 1):
            powers.append(powers[-1] * beyond)
        counted = torch.stack(powers) * torch.from_numpy(self.heard.counts)
        return (parts[:, None] * counted).flatten(0, 1).flatten(1).numpy()

    def _slopes(self) -> np.ndarray:
        """Return how what is played moves with every number, ``(parameters, samples)``."""
        mix, counts = torch.from_numpy(self.mix).float(), torch.from_numpy(self.heard.counts)

        def played(model: FilterModel) -> np.ndarray:
            parts, beyond = states_of(model, self.heard)
            shares = polynomial(mix, beyond[:, None])  # (stretches, states, time)
            return ((shares * parts.transpose(0, 1)).sum(1) * counts).ravel().numpy()

        here, parameters = played(self.model), self.model.parameters
        slopes = np.empty((len(parameters), len(here)), np.float32)
        for number in range(len(parameters)):
            change = np.zeros(len(parameters))
            change[number] = CHANGE if parameters[number] < LONGEST_TIME_LOG - CHANGE else -CHANGE
            slopes[number] = (played(self.model.moved(change)) - here) / change[number]
        return slopes


@torch.no_grad()
def level_heard(model: FilterModel, heard: FilterHeard) -> Tensor:
    """Return the followed level in dBFS, ``(stretches, 1, time)``, at the rate of the sound."""
    block = model.block()
    level, _ = block.level_of(heard.dry, block.silent_state(len(heard.dry))[:-1])
    return level[..., :: heard.factor]


@torch.no_grad()
def states_of(
    model: FilterModel,
    heard: FilterHeard,
    level: Tensor | None = None,
    standing: float | None = None,
) -> tuple[Tensor, Tensor]:
    """Return what may be mixed, and where the cutoff stands.

    Args:
        model: what is played.
        heard: through which.
        level: as ``level_heard`` returns it; what smooths the cutoff is then left out.
        standing: logarithm of a cutoff at which the sections stand still, while the mix follows
            the level as if they did not.

    Returns:
        ``(1 + 2 sections, stretches, time)``, and the cutoff's logarithm beyond the middle,
        ``(stretches, time)``.
    """
    block = model.block()
    *followers, memory = block.silent_state(len(heard.dry))
    if level is None:
        log_cutoff = block.log_cutoff_of(heard.dry, followers)[0][..., :: heard.factor]
    else:
        log_cutoff = block.curve_at(level)
    beyond = block.beyond_middle(log_cutoff)
    cutoff = log_cutoff.exp() if standing is None else log_cutoff.new_full((), standing).exp()
    if heard.factor > 1:
        cutoff = (cutoff.atan() * heard.factor).clamp(max=HIGHEST_ANGLE).tan()
    states, _ = state_variable(heard.sound, cutoff, block.damping_at(beyond), memory)
    return torch.cat([heard.sound, states[:, 0]], 1).transpose(0, 1), beyond[:, 0]


@torch.no_grad()
def within_heard(played: PlayedFilter) -> PlayedFilter:
    """Play a model that does nothing unforeseen beyond the cutoffs that were heard."""
    model, heard = played.model, played.heard
    block = model.block()
    log_cutoff, _ = block.log_cutoff_of(heard.dry, block.silent_state(len(heard.dry))[:-1])
    lowest, highest = float(log_cutoff.min()), float(log_cutoff.max())
    config = replace(
        model.config,
        lowest_log_cutoff=max(lowest, LOWEST_LOG_CUTOFF),
        highest_log_cutoff=min(highest, HIGHEST_LOG_CUTOFF),
    )
    near = np.clip(model.log_cutoff, lowest - FARTHEST, highest + FARTHEST)
    return PlayedFilter(replace(model, config=config, log_cutoff=near), heard)
