"""The solved half of learning where an effect shifts pitch: a vocoder, its colour, the dry sound.

The ratio is identified (``identify/pitch.py``); nothing here is trained. How long the windows are,
how far apart, which bins hold together and what counts as struck is tried, one setting after the
other, and the better is kept. What is still louder or softer, band by band, is given to a filter
behind the shifter, and the dry sound beside it is added where that helps.

Everything is judged by mel distance; ``measure.py`` says why.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from wetprint.blocks.block import Block
from wetprint.blocks.convolution import Fir, FirConfig
from wetprint.blocks.delay import Delay, DelayConfig
from wetprint.blocks.gain import Gain, GainConfig
from wetprint.blocks.pitch_shifter import PitchShifter, PitchShifterConfig
from wetprint.identify.pitch import PitchShift, find_pitch_shift
from wetprint.identify.spectra import log_mel
from wetprint.learning.colour import colour
from wetprint.learning.linear import never
from wetprint.learning.material import Material, Take, predict
from wetprint.learning.measure import mel_error
from wetprint.models.chain import Chain
from wetprint.models.parallel import Parallel
from wetprint.progress import Progress, silent

CPU = torch.device("cpu")

HEARD_STRETCHES, STRETCH_SECONDS = 6, 2.5
"""What settings are tried on, evenly spread over all there is to learn from."""

COLOUR_STRETCHES = 24
"""What the colour is taken from: it is one measurement, and loudness must be right."""

WORTHWHILE = 0.5
"""Share of the dry sound's mel distance above which the shifter has not understood the effect."""

HELPFUL = 0.99
"""A part must bring the mel distance below this share to be kept."""

COLOUR_SECONDS = 512 / 48_000

LEAST_DRY_GAIN = 0.03


def solve_pitched(
    material: Material, stop: Callable[[], bool] = never, progress: Progress = silent
) -> Chain | None:
    """Solve a chain for an effect that shifts pitch.

    Args:
        material: what was heard.
        stop: says that the time for it is over; what was found by then is finished.
        progress: told how far it is.

    Returns:
        A finished chain, or None where the effect is no pitch shifter, or not one that is
        understood.
    """
    if material.channels_in > material.channels_out:
        return None
    takes = heard_takes(material)
    progress("looking for a shift of pitch", 0.0)
    dry = np.concatenate([take.dry for take in takes], 1)
    wet = np.concatenate([take.wet for take in takes], 1)
    found = find_pitch_shift(dry, wet, material.sample_rate)
    progress("looking for a shift of pitch", 1.0)
    if not found.is_shifter:
        return None
    search = _Search(takes, material, stop, progress)
    config = search.best_config(found)
    chain = search.finished(config, found).requires_grad_(False)
    untouched = mel_error(takes, _dry_beside, material.sample_rate)
    return chain if search.error(chain) < WORTHWHILE * untouched else None


def heard_takes(material: Material, stretches: int = HEARD_STRETCHES) -> list[Take]:
    """Return evenly spread stretches of what is learned from, each heard from silence."""
    length = round(STRETCH_SECONDS * material.sample_rate)
    room = [max(0, take.dry.shape[1] - length) for take in material.training]
    edges = np.concatenate([[0], np.cumsum([each + 1 for each in room])])
    takes = []
    for place in np.unique(np.linspace(0, edges[-1] - 1, stretches).astype(int)):
        number = int(np.searchsorted(edges, place, side="right")) - 1
        take, start = material.training[number], int(place - edges[number])
        part = slice(start, start + length)
        if np.any(take.wet[:, part]):
            takes.append(Take(take.dry[:, part], take.wet[:, part], name=take.name))
    return takes or [material.training[0]]


class _Search:
    """Tries settings on stretches of the material and keeps the best."""

    def __init__(
        self,
        takes: list[Take],
        material: Material,
        stop: Callable[[], bool],
        progress: Progress,
    ):
        self.takes, self.stop, self.progress = takes, stop, progress
        self.many = heard_takes(material, COLOUR_STRETCHES)
        self.rate = material.sample_rate
        self.channels_in, self.channels_out = material.channels_in, material.channels_out

    def best_config(self, found: PitchShift) -> PitchShifterConfig:
        """Try one setting after the other."""
        config = _first_config(found.ratio, self.rate, self.channels_in)
        error, config = self._tried(config, range(-2, 3), config.window_samples // 5)
        changes = list(_changes(config))
        for number, change in enumerate(changes):
            self.progress("trying windows", number / len(changes), f"{error:.2f} dB away")
            if self.stop():
                break
            other = _changed(config, change)
            if other != config:
                error, config = min((error, config), self._tried(other), key=lambda each: each[0])
        return self._tried(config, range(-2, 3), config.window_samples // 20)[1]

    def _tried(
        self, config: PitchShifterConfig, steps: Sequence[int] = (0,), step_samples: int = 1
    ) -> tuple[float, PitchShifterConfig]:
        """Return the least error of a config at several delays, the gain being free, and where."""
        chain = Chain([PitchShifter(dataclasses.replace(config, delay_samples=0))])
        played = [self._to_wet_channels(predict(chain, take, CPU)) for take in self.takes]
        best = (np.inf, config)
        for step in steps:
            delay = config.delay_samples + step * step_samples
            delay = int(np.clip(delay, -config.window_samples, config.reach_samples))
            error = self._distance([_delayed(each, delay) for each in played])
            best = min(
                best,
                (error, dataclasses.replace(config, delay_samples=delay)),
                key=lambda each: each[0],
            )
        return best

    def _distance(self, played: list[np.ndarray]) -> float:
        """Return the mel distance at the gain that makes it least."""
        differences = [
            (ours - wanted).ravel()
            for ours, wanted in (
                log_mel(each, take.wet, self.rate)
                for each, take in zip(played, self.takes, strict=True)
            )
        ]
        away = np.concatenate(differences)
        away = away[away != 0.0]  # both at the floor: no gain changes that
        return float(np.abs(away - np.median(away)).mean()) if away.size else 0.0

    def _to_wet_channels(self, played: np.ndarray) -> np.ndarray:
        return np.repeat(played, self.channels_out // self.channels_in, axis=0)

    def finished(self, config: PitchShifterConfig, found: PitchShift) -> Chain:
        """Add the colour and, where it helps, the dry sound."""
        chain = self._coloured(config, self.many)
        if abs(found.dry_gain) < LEAST_DRY_GAIN:
            return chain
        beside = self._dry_chain(found)
        rest = [
            dataclasses.replace(take, wet=take.wet - predict(beside, take, CPU))
            for take in self.many
        ]
        mixed = Chain([Parallel([self._coloured(config, rest), beside])])
        return mixed if self.error(mixed) < HELPFUL * self.error(chain) else chain

    def error(self, chain: Chain) -> float:
        """Return a chain's mel distance on the stretches."""
        return mel_error(self.takes, lambda take: predict(chain, take, CPU), self.rate)

    def _dry_chain(self, found: PitchShift) -> Chain:
        gain = Gain(GainConfig(self.channels_in))
        gain.gain.data.fill_(found.dry_gain)
        blocks: list[Block] = [Delay(DelayConfig(found.dry_lag_samples, self.channels_in)), gain]
        if self.channels_out > self.channels_in:
            blocks.append(Fir(FirConfig(1, self.channels_in, self.channels_out)))
        return Chain(blocks)

    def _coloured(self, config: PitchShifterConfig, takes: list[Take]) -> Chain:
        """Put the filter behind a shifter that makes every band as loud as in the wet sound."""
        shifter = PitchShifter(config)
        played = [self._to_wet_channels(predict(Chain([shifter]), take, CPU)) for take in takes]
        taps = round(COLOUR_SECONDS * self.rate)
        fir = Fir(FirConfig(taps, self.channels_in, self.channels_out))
        fir.response.data.zero_()
        for side in range(self.channels_out):
            pairs = [(ours[side], take.wet[side]) for ours, take in zip(played, takes, strict=True)]
            response = colour(pairs, self.rate, taps)
            source = side if self.channels_in > 1 else 0
            fir.response.data[side, source] = torch.from_numpy(response).float()
        return Chain([shifter, fir])


def _first_config(ratio: float, sample_rate: int, channels: int) -> PitchShifterConfig:
    window = 2 ** round(np.log2(2048 / 48_000 * sample_rate))
    hop = int(window / (4.5 * max(1.0, ratio)))
    free = round(600 / sample_rate * window)
    return PitchShifterConfig(ratio, window, hop, free, channels=channels)


def _changes(config: PitchShifterConfig) -> list[dict[str, Any]]:
    """Return what is tried, one after the other."""
    window, hop = config.window_samples, config.hop_samples
    free = config.free_bins
    return [
        {"transient_share": 1.0},
        {"transient_share": 0.3},
        {"free_bins": 0},
        {"free_bins": free // 2},
        {"lock_reach_bins": 2},
        {"lock_reach_bins": window},
        {"hop_samples": round(0.75 * hop)},
        {"hop_samples": round(0.56 * hop)},
        {"window_samples": window // 2, "hop_samples": hop // 2, "free_bins": free // 2},
        {"window_samples": window * 2, "free_bins": free * 2},
    ]


def _changed(config: PitchShifterConfig, change: dict[str, Any]) -> PitchShifterConfig:
    """Return a config with a change, all else kept within what it can then play."""
    window = change.get("window_samples", config.window_samples)
    reach = min(change.get("lock_reach_bins", config.lock_reach_bins), window)
    change = {**change, "lock_reach_bins": reach, "delay_samples": 0}
    other = dataclasses.replace(config, **change)
    delay = int(np.clip(config.delay_samples, -other.window_samples, other.reach_samples))
    return dataclasses.replace(other, delay_samples=delay)


def _delayed(played: np.ndarray, samples: int) -> np.ndarray:
    moved = np.roll(played, samples, axis=1)
    if samples > 0:
        moved[:, :samples] = 0.0
    elif samples < 0:
        moved[:, samples:] = 0.0
    return moved


def _dry_beside(take: Take) -> np.ndarray:
    dry = take.dry[:, take.heard_from :]
    return np.broadcast_to(dry.mean(0, keepdims=True), take.scored_wet.shape)
