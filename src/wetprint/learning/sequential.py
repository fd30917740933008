"""Drawing segments in order: so long from each place, then from a new one.

Recurrent networks were fed like this (the study's ``randomSequentialSampler``), so that the state
which one segment leaves is the one that the next begins with.
"""

from __future__ import annotations

import numpy as np

from wetprint.learning.material import Batches

STRETCH_SEGMENTS = 16
"""Segments in a row from one place: 2.7 s of 8192 samples at 48 kHz."""


class SequentialBatches(Batches):
    """Every item of a batch plays on from a place of its own until all jump to new ones.

    Places depend on the step and the generator's seed alone, so that an interrupted run goes on as
    it would have. A stretch that a take's end cuts short begins anew at the take's beginning.
    """

    def places(self, generator: np.random.Generator, count: int, step: int) -> np.ndarray:
        """See Batches."""
        stretch, along = divmod(step, STRETCH_SEGMENTS)
        own = np.random.default_rng([seed_of(generator), stretch])
        takes = own.choice(len(self.room), count, p=self.room / self.room.sum())
        begin = (own.random(count) * self.room[takes]).astype(int)
        return self.first[takes] + (begin + along * self.segment_samples) % self.room[takes]


def seed_of(generator: np.random.Generator) -> int:
    """Return what a generator was made from, however far it has drawn since."""
    seeds = generator.bit_generator.seed_seq
    assert isinstance(seeds, np.random.SeedSequence)
    assert isinstance(seeds.entropy, int)
    return seeds.entropy
