"""Does a filter follow the level, and if so: how fast, from where to where, and which filter?

Followers of the usual kinds and times are tried with cutoffs that glide from one frequency to
another between a soft and a loud level; the best are solved, with as many second-order sections as
are worth while.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from wetprint.blocks.envelope_filter import HIGHEST_LOG_CUTOFF, EnvelopeFilterConfig
from wetprint.engine.state_variable import MOST_SECTIONS
from wetprint.identify.descent import SolveConfig, descend
from wetprint.identify.envelope_filter import (
    FilterHeard,
    FilterModel,
    PlayedFilter,
    hear_filter,
    level_heard,
    within_heard,
)
from wetprint.identify.findings import LevelSweep
from wetprint.identify.recording import Recording

SECTIONS = 2
"""Second-order sections in a row to begin with: they span all that one does, and a little more."""

KINDS = (("peak", "branching"), ("peak", "decoupled"), ("rms", "branching"))

ATTACK_SECONDS = (0.002, 0.02, 0.1)
RELEASE_SECONDS = (0.02, 0.1, 0.5, 2.0)
SHORT_SECONDS = 0.0002
"""Attacks and releases that are tried, and what is smoothed in front of them and behind."""

SOFT_HZ = (80.0, 250.0, 800.0, 2500.0)
LOUD_HZ = (150.0, 500.0, 1500.0, 4500.0)
DAMPING, OTHER_DAMPINGS = 0.3, (0.1, 0.8)
"""Cutoffs of soft and of loud sound, and dampings, that are tried."""

SOFT_PERCENTILE, LOUD_PERCENTILE = 10.0, 95.0
"""Of the level, between which the cutoff glides."""

TOLD_PERCENTILES, TOLD_LEVELS = (2.0, 99.8), 49
"""Of the level, between which the curve is told, and at how many levels."""

HIGHEST_CUTOFF = 0.45
"""Of the sample rate: no cutoff is tried beyond."""

STEEPEST_GLIDE = 1.2
"""Beyond the loud level it goes on by so much."""

STRETCHES, TRIED_STRETCHES = 6, 2
TRIED_RATE, SOLVED_RATE = 12_000, 24_000
"""In Hz, near which it is listened to while starts are tried, and while kinds are."""

WELL_EXPLAINED = 0.8
"""Of what a fixed filter leaves, what a filter must explain that is named."""

QUICK_SECONDS = ((0.002, 0.1), (0.02, 0.1), (0.1, 1.0))
STILL_DAMPINGS = (0.1, 0.3, 0.8, 2.0)
"""Attacks with releases, and dampings, with which it is asked whether there is such a filter."""

PROMISING, MOVES, SURELY = 0.75, 0.88, 0.4
"""A cutoff that glides must leave less than these shares: of what a fixed filter leaves, and of
what sections leave that stand still; or surely less of the first and of what a gain leaves that
follows the level. Two auto-wahs leave 0.64 and 0.23 of the first, 0.80 and 0.73 of the second, a
slow one 0.12 and 1.2; thirteen plugins that distort, compress or move leave 0.96 or more of the
second and, but for a compressor, 0.57 or more of the first; an amplifier 0.89, but twice the
first."""

KIND_TERMS, ALL_TERMS = (2, 3), (3, 4)
"""Terms of the damping's polynomial and of the mix's, while kinds are tried and in the end."""

TRIED = SolveConfig(most_steps=6, damping=1e-2, worthwhile=0.02)
FURTHER = SolveConfig(most_steps=12, damping=1e-3, worthwhile=0.02)
REFINED = SolveConfig(most_steps=15, damping=1e-2, worthwhile=0.01)

MOST_FURTHER = 2
"""Kinds that did best when they were tried, of which the best is looked for."""

FEWER_SECTIONS = 0.5
"""A section more must leave less than this share."""

WELL_ENOUGH = 1e-3
"""With so little left no further section is tried."""


@dataclass(frozen=True)
class FilterSearch:
    """What is listened to, and for how long.

    Attributes:
        recordings: with a mono dry side; of several wet channels the loudest is listened to.
        sample_rate: Hz.
        bound: the error-to-signal ratio that the best filter leaves which stands still.
        stop: says that the time for it is over.
        report: told the error after every step.
    """

    recordings: Sequence[Recording]
    sample_rate: int
    bound: float
    stop: Callable[[], bool] = lambda: False
    report: Callable[[float], None] = lambda error: None

    def find(self) -> PlayedFilter | None:
        """Find the filter, played on what was listened to.

        Returns:
            None where no filter that follows the level explains what was heard.
        """
        heard = self._heard()
        if heard is None or (best := self._at_lower_rates(heard)) is None:
            return None
        if best.error > WELL_ENOUGH and not self.stop():
            more = PlayedFilter(best.model.with_sections(MOST_SECTIONS), best.heard)
            more = self._descended(more, FURTHER)
            best = more if more.error < FEWER_SECTIONS * best.error else best
        whole = PlayedFilter(best.model.richer(*ALL_TERMS).on_finer_grid(), heard)
        return within_heard(self._descended(whole, REFINED))

    def sweep(self) -> LevelSweep | None:
        """Say how the cutoff follows the level, where that explains most of what was heard."""
        heard = self._heard()
        best = None if heard is None else self._at_lower_rates(heard)
        if best is None or best.error > (1.0 - WELL_EXPLAINED) * self.bound:
            return None
        level = level_heard(best.model, best.heard).numpy()
        soft, loud, lowest, highest = np.percentile(
            level, [SOFT_PERCENTILE, LOUD_PERCENTILE, *TOLD_PERCENTILES]
        )
        levels = np.linspace(lowest, highest, TOLD_LEVELS)
        with torch.no_grad():
            heights = best.model.block().curve_at(torch.from_numpy(np.array([soft, loud, *levels])))
        soft_hz, loud_hz, *hertz = (heights.exp().atan() * self.sample_rate / np.pi).tolist()
        _, attack, release, _ = (np.exp(best.model.times) * 1000.0 / self.sample_rate).tolist()
        return LevelSweep(
            soft_hz=soft_hz,
            loud_hz=loud_hz,
            attack_ms=attack,
            release_ms=release,
            detection=best.model.config.detection,
            ballistics=best.model.config.ballistics,
            explained=1.0 - best.error / self.bound,
            levels_db=tuple(levels.tolist()),
            cutoffs_hz=tuple(hertz),
        )

    def _heard(self) -> FilterHeard | None:
        return hear_filter(self.recordings, self.sample_rate, STRETCHES)

    def _at_lower_rates(self, heard: FilterHeard) -> PlayedFilter | None:
        """Find the filter on some of what was heard; None where there is none."""
        coarse, finer = (
            heard.at_lower_rate(max(1, round(self.sample_rate / rate)), TRIED_STRETCHES)
            for rate in (TRIED_RATE, SOLVED_RATE)
        )
        if not self._moves(coarse):
            return None
        starts = self._starts(coarse)
        best = self._best_kind([model for _, model in starts], finer)
        return best if best.error < PROMISING * self.bound else None

    def _moves(self, heard: FilterHeard) -> bool:
        """Say whether a cutoff that glides explains what none does that stands still.

        What stands still is mixed by the level all the same, as a compressor's sound is, or what an
        overdrive makes of soft and of loud sound.
        """
        config = _starting(*KINDS[0])
        found = [self._gliding(config, self._times(*each), heard) for each in QUICK_SECONDS]
        least, model = min(found, key=_error)
        if least > PROMISING * self.bound:
            return False
        level = level_heard(model, heard)
        gain_alone = PlayedFilter(model, heard, level, HIGHEST_LOG_CUTOFF).error
        if least < SURELY * min(self.bound, gain_alone):
            return True
        still = [
            PlayedFilter(replace(model, log_damping=np.log([damping])), heard, level, standing)
            for standing in self._log_cutoff(np.array([*SOFT_HZ, *LOUD_HZ]))
            for damping in STILL_DAMPINGS
        ]
        return least < MOVES * min(each.error for each in still)

    def _times(self, attack: float, release: float) -> np.ndarray:
        """Return a follower's times as a model has them, from seconds."""
        seconds = np.array([SHORT_SECONDS, attack, release, SHORT_SECONDS])
        return np.log(self.sample_rate * seconds)

    def _log_cutoff(self, hertz: np.ndarray) -> np.ndarray:
        return np.log(np.tan(np.pi * np.minimum(hertz / self.sample_rate, HIGHEST_CUTOFF)))

    def _best_kind(self, starts: Sequence[FilterModel], heard: FilterHeard) -> PlayedFilter:
        """Solve the start of each kind a little, and the best of them further."""
        tried: list[PlayedFilter] = []
        for start in starts:
            if tried and self.stop():
                break
            tried.append(self._descended(PlayedFilter(start.richer(*KIND_TERMS), heard), TRIED))
        tried.sort(key=lambda each: each.error)
        further = [self._descended(each, FURTHER) for each in tried[:MOST_FURTHER]]
        return min(further, key=lambda each: each.error)

    def _descended(self, begun: PlayedFilter, config: SolveConfig) -> PlayedFilter:
        return descend(begun, config, self.stop, self.report, lambda each: each)

    def _starts(self, heard: FilterHeard) -> list[tuple[float, FilterModel]]:
        """Return the best start of each kind with its error, the best first."""
        best = []
        for kind in KINDS:
            config = _starting(*kind)
            found: list[tuple[float, FilterModel]] = []
            for attack, release in itertools.product(ATTACK_SECONDS, RELEASE_SECONDS):
                if found and self.stop():
                    break
                found.append(self._gliding(config, self._times(attack, release), heard))
            best.append(min(found, key=_error))
        return sorted(best, key=_error)

    def _gliding(
        self, config: EnvelopeFilterConfig, times: np.ndarray, heard: FilterHeard
    ) -> tuple[float, FilterModel]:
        """Try cutoffs that glide, behind one follower: return the best and its error."""
        start = FilterModel(config, times, np.zeros(config.knots), np.log([DAMPING]))
        level = level_heard(start, heard)

        def tried(model: FilterModel) -> tuple[float, FilterModel]:
            return PlayedFilter(model, heard, level).error, model

        counted = level[:, 0].numpy()[heard.counts > 0.0]
        shapes = _glides(config, *np.percentile(counted, [SOFT_PERCENTILE, LOUD_PERCENTILE]))
        found = []
        for soft, loud, glide in itertools.product(SOFT_HZ, LOUD_HZ, shapes):
            hertz = soft * (loud / soft) ** glide
            found.append(tried(replace(start, log_cutoff=self._log_cutoff(hertz))))
        best = min(found, key=_error)
        others = [replace(best[1], log_damping=np.log([each])) for each in OTHER_DAMPINGS]
        return min((best, *map(tried, others)), key=_error)


def _starting(detection: str, ballistics: str) -> EnvelopeFilterConfig:
    return EnvelopeFilterConfig(detection, ballistics, SECTIONS, damping_terms=1, mix_terms=2)


def _error(tried: tuple[float, FilterModel]) -> float:
    return tried[0]


def _glides(
    config: EnvelopeFilterConfig, soft_db: float, loud_db: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return how far each knot lies from soft to loud, by its level in dB and by its amplitude."""
    spacing_db = (config.highest_db - config.lowest_db) / (config.knots - 3)
    knots_db = config.lowest_db + spacing_db * np.arange(-1.0, config.knots - 1)
    by_level = (knots_db - soft_db) / max(1.0, loud_db - soft_db)
    by_amplitude = 10.0 ** ((knots_db - loud_db) / 20.0)
    return np.clip(by_level, 0.0, STEEPEST_GLIDE), np.clip(by_amplitude, 0.0, STEEPEST_GLIDE)
