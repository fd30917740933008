"""Recordings of a box whose LFO runs free, put on one clock.

A pedal's LFO does not know when a recording begins, and it drifts. In one recording the motion is
found without knowing more: roughly what it is, as a filter that comes again with every turn, then
tells where the LFO stands in every other one, and in every stretch of all of them
(``identify/clock.py``). Solvers hear one LFO of constant rate: takes are given the absolute time
at which it stands as the box's did, cut into pieces where the box ran faster or slower.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Callable, Collection, Iterator

from wetprint.identify.clock import Clock, find_clock
from wetprint.identify.lfo import Lfo, find_lfo_in_playing, wander_turns
from wetprint.identify.recording import Recording
from wetprint.identify.snapshots import snapshots_of_playing
from wetprint.learning.gathering import MEMORY_SECONDS
from wetprint.learning.linear import solve_linear_model
from wetprint.learning.material import Material, Take, predict, takes_esr
from wetprint.learning.phased import solve_periodic_filter
from wetprint.models.chain import Chain
from wetprint.models.lfo import lfo_periods
from wetprint.models.playing import CPU
from wetprint.progress import Progress, silent

MOST_TRIED = 3
"""Of recordings, the longest first, in which motion is looked for."""

STRETCH_SECONDS = 12.0
"""An LFO's rate is taken to be constant for so long."""

EXACT_TURNS = 0.004
"""A piece is cut where the LFO would be farther off at its ends."""

SHORTEST_PIECE_SECONDS = 0.5

WANDERS_TURNS = 0.03
"""An LFO that strays less from its rate is taken to be constant."""

STANDS_STILL, MOVES = 0.01, 0.5
"""Where a filter leaves less than the first of recordings, nothing turns: a sweep changes all the
time, and so does what a compressor makes of it. Motion must bring what a filter leaves below the
second share."""

STILL_TAPS = 1024

UNEXPLAINED, WORSE = 0.1, 5.0
"""A recording of which the motion leaves more than the share, and more than so many times what it
leaves of its own recording, was made of something else."""


def on_one_clock(
    material: Material, stop: Callable[[], bool], progress: Progress = silent
) -> Material:
    """Give all recordings the absolute time of the one in which an LFO is seen.

    Args:
        material: what is learned from. Where the effect can be driven its LFO starts with it, and
            there is nothing to do; nor where nothing moves, nor where one LFO of constant rate
            explains all recordings as they are.
        stop: says that the time for it is over.
        progress: told how far it is.

    Returns:
        The takes, their ``start_sample`` such that one LFO explains them; a recording that the
        motion does not explain at all is left out. What was done is in the notes.
    """
    if material.drive is not None or material.channels_in > 1:
        return material
    everything = frozenset(each.recording for each in material.training)
    lfo, wanders = _lfo(material, everything)
    own = everything
    if len(everything) > 1 and (lfo is None or wanders > WANDERS_TURNS):
        lfo, own = _alone(material)
        wanders = math.inf
    if lfo is None or wanders <= WANDERS_TURNS:
        return material
    heard = [each for each in material.training if each.recording in own]
    recordings = [_recording(each) for each in heard]
    alone = dataclasses.replace(material, training=tuple(heard), validation=tuple(heard))
    still = solve_linear_model(alone, STILL_TAPS).error
    if still < STANDS_STILL:
        return material
    chain = solve_periodic_filter(recordings, lfo.period_samples, stop, progress)
    left = takes_esr(heard, lambda each: predict(chain, each, CPU))
    if left > MOVES * still:
        return material
    doubtful = max(UNEXPLAINED, WORSE * left)
    clocks = _Clocks(chain, own, doubtful, material.sample_rate)
    takes = (*material.training, *material.validation)
    placed = []
    for done, take in enumerate(takes):
        if stop():
            return material
        progress("looking for the LFO", done / len(takes))
        placed.append([*clocks.placed(take)])
    return _together(material, placed)


def _alone(material: Material) -> tuple[Lfo | None, frozenset[int]]:
    """Return the LFO of the longest recording that shows one, and the number of that recording."""
    lengths: dict[int, int] = {}
    for take in material.training:
        lengths[take.recording] = lengths.get(take.recording, 0) + take.scored_samples
    for number in sorted(lengths, key=lambda each: -lengths[each])[:MOST_TRIED]:
        lfo, _ = _lfo(material, [number])
        if lfo is not None:
            return lfo, frozenset([number])
    return None, frozenset()


def _lfo(material: Material, numbers: Collection[int]) -> tuple[Lfo | None, float]:
    """Return the LFO that some recordings have in common, and how far it strays, in turns."""
    heard = [_recording(each) for each in material.training if each.recording in numbers]
    train = snapshots_of_playing(heard, material.sample_rate)
    lfo = find_lfo_in_playing(train)
    return lfo, 0.0 if lfo is None else wander_turns(train, lfo.period_samples)


@dataclasses.dataclass(frozen=True)
class _Clocks:
    """What is needed to place a take.

    Attributes:
        chain: plays the motion roughly.
        own: numbers of the recordings it was found in, which keep their clock where no other is
            clear.
        doubtful: an error above this is no likeness.
        sample_rate: Hz.
    """

    chain: Chain
    own: frozenset[int]
    doubtful: float
    sample_rate: int

    def placed(self, take: Take) -> Iterator[Take]:
        """Give the stretches of a take with their absolute times; none where nothing fits."""
        for stretch in _cut(take, STRETCH_SECONDS * self.sample_rate, self.sample_rate):
            clock = find_clock(self.chain, _recording(stretch), self.sample_rate)
            if clock.error > self.doubtful:
                if take.recording in self.own:
                    yield stretch
                continue
            yield from self._on(stretch, clock)

    def _on(self, take: Take, clock: Clock) -> Iterator[Take]:
        """Cut a take so short that one rate does for each piece, and place the pieces."""
        period = lfo_periods(self.chain)[0]
        off = abs(clock.speed - 1.0) / period  # turns a sample
        exact = 2.0 * EXACT_TURNS / off if off else math.inf
        longest = max(SHORTEST_PIECE_SECONDS * self.sample_rate, exact)
        for piece in _cut(take, longest, self.sample_rate):
            middle = 0.5 * piece.dry.shape[-1]
            turns = clock.phase_turns + (piece.start_sample + middle) * clock.speed / period
            yield dataclasses.replace(piece, start_sample=round(turns * period - middle))


def _cut(take: Take, longest_samples: float, sample_rate: int) -> Iterator[Take]:
    """Give pieces of a take of about equal length, each with its past."""
    count = max(1, math.ceil(take.scored_samples / longest_samples))
    if count == 1:
        yield take
        return
    past = int(MEMORY_SECONDS * sample_rate)
    edges = [take.heard_from + each * take.scored_samples // count for each in range(count + 1)]
    for begin, end in itertools.pairwise(edges):
        first = max(0, begin - past)
        yield dataclasses.replace(
            take,
            dry=take.dry[:, first:end],
            wet=take.wet[:, first:end],
            heard_from=begin - first,
            start_sample=take.start_sample + first,
        )


def _together(material: Material, placed: list[list[Take]]) -> Material:
    """Return material of placed takes, with what has to be said."""
    takes = (*material.training, *material.validation)
    count = len(material.training)
    training = tuple(each for some in placed[:count] for each in some)
    validation = tuple(each for some in placed[count:] for each in some)
    kept = {each.recording for each in training}
    lost = sorted({each.name for each in takes if each.recording not in kept})
    if not training or not validation:
        return material
    if all(some == [take] for some, take in zip(placed, takes, strict=True)):
        return material
    notes = ["an LFO that runs free was followed through the recordings"]
    notes += [f"'{each}' does not move as the other recordings do: left out" for each in lost]
    return dataclasses.replace(
        material, training=training, validation=validation, notes=(*material.notes, *notes)
    )


def _recording(take: Take) -> Recording:
    return Recording(take.dry, take.wet, take.start_sample)
