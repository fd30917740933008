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

from wetprint.blocks.envelope_filter import EnvelopeFilter, EnvelopeFilterConfig
from wetprint.blocks.followers import rate_of
from wetprint.engine.envelope import follow_envelope
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

AT_ONCE = 0.98
"""A pole whose rate is higher smooths nothing."""

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
        recordings: with a mono dry side; of several wet channels the loudest is heard. Where one
            is as long as a stretch, shorter ones are not heard.
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
        times, cutoff, damping = np.split(parameters, np.cumsum([len(TIMES), len(self.log_cutoff)]))
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
        """Play a model.

        Args:
            model: what is played.
            heard: what it is compared with.
            level: as ``level_heard`` returns it, where it is known.
            standing: logarithm of a cutoff at which the sections stand still, while the mix
                follows the level as if they did not.
        """
        self.model, self.heard = model, heard
        block = model.block()
        with torch.no_grad():
            self.level = level_heard(model, heard) if level is None else level
            self.placed = block.placed(self.level)
            self.log_cutoff = self._smoothed(model, block.curve_on(*self.placed))
            self.columns = self._columns(*self._states(block, self.log_cutoff, standing))
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
        cutoff = slice(len(TIMES), len(TIMES) + knots)
        weight = ROUGHNESS * self.error * self.heard.energy
        matrix[cutoff, cutoff] += weight * bends.T @ bends
        right[cutoff] -= weight * bends.T @ (bends @ self.model.log_cutoff)
        floor = 1e-9 * self.heard.energy
        matrix += np.diag(damping * np.diag(matrix) + floor)
        return np.clip(np.linalg.solve(matrix, right)[:count], -LONGEST_STEP, LONGEST_STEP)

    def _smoothed(self, model: FilterModel, curve: Tensor) -> Tensor:
        """Return what one pole makes of the cutoff's curve; before it begins it stands still."""
        rate = rate_of(torch.tensor(model.times[-1] - np.log(self.heard.factor)).float())
        return follow_envelope(curve, rate, rate, curve[..., 0]) if rate < AT_ONCE else curve

    def _states(
        self, block: EnvelopeFilter, log_cutoff: Tensor, standing: float | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return what may be mixed, ``(1 + 2 sections, stretches * time)``, and where the
        polynomials are looked up, ``(stretches * time,)``."""
        heard = self.heard
        beyond = block.beyond_middle(log_cutoff)
        cutoff = log_cutoff.exp() if standing is None else log_cutoff.new_full((), standing).exp()
        if heard.factor > 1:
            cutoff = (cutoff.atan() * heard.factor).clamp(max=HIGHEST_ANGLE).tan()
        memory = block.silent_state(len(heard.dry))[-1]
        states, _ = state_variable(heard.sound, cutoff, block.damping_at(beyond), memory)
        parts = torch.cat([heard.sound, states[:, 0]], 1)
        return parts.transpose(0, 1).flatten(1), beyond.flatten()

    def _columns(self, parts: Tensor, beyond: Tensor) -> np.ndarray:
        """Return what the mix is a linear map of, ``(states * terms, samples)``."""
        powers = [torch.from_numpy(self.heard.counts).flatten()]
        for _ in range(self.model.config.mix_terms - 1):
            powers.append(powers[-1] * beyond)
        return (parts[:, None] * torch.stack(powers)).flatten(0, 1).numpy()

    @torch.no_grad()
    def _slopes(self) -> np.ndarray:
        """Return how what is played moves with every number, ``(parameters, samples)``."""
        model, heard = self.model, self.heard
        mix, counts = torch.from_numpy(self.mix.T).float(), torch.from_numpy(heard.counts).flatten()

        def played(block: EnvelopeFilter, log_cutoff: Tensor) -> Tensor:
            parts, beyond = self._states(block, log_cutoff)
            *lower, value = (mix @ parts).unbind()
            for each in reversed(lower):
                value = value * beyond + each
            return value * counts

        here, parameters = played(model.block(), self.log_cutoff), model.parameters
        slopes, shares = np.zeros((len(parameters), len(here)), np.float32), self._shares()
        for number in range(len(parameters)):
            change = np.zeros(len(parameters))
            change[number] = CHANGE if parameters[number] < LONGEST_TIME_LOG - CHANGE else -CHANGE
            changed, log_cutoff = model.moved(change), self.log_cutoff
            block = changed.block()
            if number < len(TIMES):
                log_cutoff = self._smoothed(changed, block.curve_at(level_heard(changed, heard)))
            elif (knot := number - len(TIMES)) < len(model.log_cutoff):
                if not bool(shares[knot].any()):
                    continue
                log_cutoff = self.log_cutoff + CHANGE * self._smoothed(model, shares[knot])
            slopes[number] = ((played(block, log_cutoff) - here) / change[number]).numpy()
        return slopes

    def _shares(self) -> Tensor:
        """Return what each coefficient weighs in the curve, ``(knots, stretches, 1, time)``."""
        left, weights = self.placed
        shares = weights[0].new_zeros((len(self.model.log_cutoff), *left.shape))
        for each, weight in enumerate(weights):
            shares.scatter_(0, (left + each)[None], weight[None])
        return shares


@torch.no_grad()
def level_heard(model: FilterModel, heard: FilterHeard) -> Tensor:
    """Return the followed level in dBFS, ``(stretches, 1, time)``, at the rate of the sound."""
    block = model.block()
    level, _ = block.level_of(heard.dry, block.silent_state(len(heard.dry))[:-1])
    return level[..., :: heard.factor]


def within_heard(played: PlayedFilter) -> PlayedFilter:
    """Play a model that does nothing unforeseen beyond the cutoffs that were heard."""
    model = played.model
    lowest, highest = float(played.log_cutoff.min()), float(played.log_cutoff.max())
    config = replace(model.config, lowest_log_cutoff=lowest, highest_log_cutoff=highest)
    near = np.clip(model.log_cutoff, lowest - FARTHEST, highest + FARTHEST)
    return PlayedFilter(replace(model, config=config, log_cutoff=near), played.heard)
