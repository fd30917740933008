"""A pitch shifter: a phase vocoder with locked phases, each of whose grains is played at another
speed.

Windows of the audio are taken every hop. In each spectrum the peaks are found; a peak's phase moves
on as a sinusoid of its frequency would at the other pitch, and the bins around it keep the phase
they had against it (identity phase locking: Laroche and Dolson 1999, doi:10.1109/89.759041,
section III.C). Lower bins, and those too far from a peak, move on by themselves. Where many bins
grow at once something was struck, and the phases are taken from the audio as they are (the detector
is Barry, Fitzgerald, Coyle and Lawlor 2005, "Drum source separation using percussive feature
detection and spectral modulation"; the reset is Duxbury, Davies and Sandler 2002, DAFx).

Where others stretch the time of the whole and then resample it, here every grain is read at the
other speed by itself and added where it came from. Nothing drifts, whatever the ratio, and hops
need not be whole numbers at both ends.

A peak's phase needs all of its past, and a grain lies on both sides of its middle: the block is
recursive and looks ahead. Spectra are in double precision in either form, because a peak that
rounding moves would be heard.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from wetprint.blocks.block import BlockStream, RecursiveBlock
from wetprint.blocks.checks import number, whole_number
from wetprint.blocks.grains import GrainReader

WINDOW_SAMPLES = (16, 1 << 14)
RATIOS = (0.125, 8.0)

MOST_PAUSE_HOPS = 1000
MOST_OVERLAP = 64

LEAST_OVERLAP = 4
"""Windows over every sample, in the audio and in the grains: with fewer, a phase's advance is
ambiguous within the window's main lobe."""

SOUNDING_AMPLITUDE = 1e-10
"""A bin with less than a sinusoid of this (-200 dB) leaves is silent: rounding of the transform
must not decide where peaks lie."""

GROWTH = 2.0
"""A bin grows when its power is this many times what it was a hop ago (3 dB)."""

STRUCK_RISE = 1.1
"""Something was struck only where this many times more bins grow than a hop ago."""

PEAK_REACH_BINS = 2
"""A peak is the largest within so many bins on either side: the main lobe of a Hann window."""

PIECE_SAMPLES = 1 << 15
"""What ``forward`` plays at a time; it bounds the memory of a long file."""


@dataclass(frozen=True)
class PitchShifterConfig:
    """How the pitch is shifted.

    Attributes:
        ratio: of the pitch after to the pitch before: 0.5 is an octave down.
        window_samples: length of the spectra, a power of two.
        hop_samples: from window to window.
        free_bins: how many of the lowest bins move on by themselves.
        lock_reach_bins: how far from a peak bins go with it.
        transient_share: share of the sounding bins that must grow at once for a reset; after
            silence there always is one.
        pause_hops: how many hops after something was struck nothing else is.
        delay_samples: how late the wet sound is, against windows that are added where they came
            from; negative where it is early.
        channels: how many; each is shifted alone.
    """

    ratio: float = 0.5
    window_samples: int = 2048
    hop_samples: int = 455
    free_bins: int = 26
    lock_reach_bins: int = 1
    transient_share: float = 0.35
    pause_hops: int = 6
    delay_samples: int = 0
    channels: int = 1

    def __post_init__(self) -> None:
        number("ratio", self.ratio, *RATIOS)
        whole_number("window_samples", self.window_samples, *WINDOW_SAMPLES)
        if self.window_samples & (self.window_samples - 1):
            raise ValueError(f"window_samples must be a power of two, got {self.window_samples}")
        overlap = LEAST_OVERLAP * max(1.0, self.ratio)
        longest_hop = math.floor(self.window_samples / overlap)
        shortest_hop = max(1, self.window_samples // MOST_OVERLAP)
        whole_number("hop_samples", self.hop_samples, shortest_hop, max(shortest_hop, longest_hop))
        whole_number("free_bins", self.free_bins, 0, self.window_samples)
        whole_number("lock_reach_bins", self.lock_reach_bins, 0, self.window_samples)
        number("transient_share", self.transient_share, 0.0, 1.0)
        whole_number("pause_hops", self.pause_hops, 0, MOST_PAUSE_HOPS)
        whole_number("delay_samples", self.delay_samples, -self.window_samples, self.reach_samples)
        whole_number("channels", self.channels, 1, 2)

    @property
    def half_grain_samples(self) -> int:
        """How far a grain reaches to either side of its middle."""
        return math.ceil(self.window_samples / (2.0 * self.ratio)) - 1

    @property
    def reach_samples(self) -> int:
        """How much later than it is heard a sample can be played, without any delay."""
        return self.half_grain_samples + self.window_samples // 2 - 1

    @property
    def kept_bins(self) -> int:
        """Bins that stay below half the sample rate when they are shifted, with some room."""
        return 1 + math.floor(0.95 * self.window_samples / 2 / max(1.0, self.ratio))


class PitchShifter(RecursiveBlock):
    """Shift the pitch of every channel; nothing is trained, the config is tried."""

    def __init__(self, config: PitchShifterConfig):
        super().__init__()
        self.config = config
        self.channels_in = self.channels_out = config.channels
        pause_samples = config.pause_hops * config.hop_samples
        self.context_samples = 2 * (config.reach_samples + 1) + pause_samples
        self.lookahead_samples = config.reach_samples - config.delay_samples

    def forward(self, audio: Tensor, start_sample: int = 0) -> Tensor:
        """See Block."""
        stream = self.stream(audio.shape[0], start_sample)
        return torch.cat([stream.process(each) for each in audio.split(PIECE_SAMPLES, -1)], -1)

    def stream(self, batch: int = 1, start_sample: int = 0) -> BlockStream:
        """See Block."""
        return PitchShifterStream(self.config, batch, start_sample)


class PitchShifterStream(BlockStream):
    """Block-wise playing: the audio that windows still need, the phases, the unfinished grains.

    Windows lie at whole multiples of the hop in absolute time, so that it does not matter how much
    silence came before the sound.
    """

    def __init__(self, config: PitchShifterConfig, batch: int, start_sample: int):
        self.config = config
        self.next_sample = start_sample
        self.reader = _reader(config)
        shape = (batch, config.channels)
        bins = config.window_samples // 2 + 1
        self.history = torch.zeros(*shape, config.window_samples, dtype=torch.float64)
        self.unfinished = torch.zeros(
            *shape, config.reach_samples + config.half_grain_samples + 1, dtype=torch.float64
        )  # from the next sample to be played on
        self.spectrum = torch.zeros(*shape, bins, dtype=torch.complex128)
        self.turn = torch.zeros(*shape, bins, dtype=torch.float64)
        self.growing = torch.zeros(shape, dtype=torch.float64)  # share of bins, a hop ago
        self.pause = torch.zeros(shape, dtype=torch.int64)  # hops left

    def process(self, audio: Tensor) -> Tensor:
        """See BlockStream."""
        time = audio.shape[-1]
        if time == 0:
            return audio
        config = self.config
        heard = torch.cat([self.history.to(audio.device), audio.double()], -1)
        first_sample = self.next_sample - config.window_samples  # of `heard`
        self.next_sample += time
        self.history = heard[..., -config.window_samples :]
        played = functional.pad(self.unfinished.to(audio.device), (0, time))
        middles = self._middles(time)
        if middles:
            begin = middles[0] - config.window_samples // 2 - first_sample
            windows = heard[..., begin:].unfold(-1, config.window_samples, config.hop_samples)
            grains = self._grains(windows[..., : len(middles), :])  # (batch, channel, window, time)
            offset = self.next_sample - time - config.reach_samples + config.half_grain_samples
            places = torch.tensor(middles)[:, None] - offset + torch.arange(grains.shape[-1])
            played = played.index_add(-1, places.flatten().to(audio.device), grains.flatten(-2))
        self.unfinished = played[..., time:]
        begin = self.next_sample - time - config.reach_samples
        times = torch.arange(begin, begin + time) % config.hop_samples
        return (played[..., :time] * self.reader.loudness[times].to(audio.device)).to(audio.dtype)

    def _middles(self, time: int) -> list[int]:
        """Return the absolute times of the windows whose last sample is among the new ones."""
        hop, half = self.config.hop_samples, self.config.window_samples // 2
        begin = self.next_sample - time - half + 1
        first = -(-begin // hop) * hop
        return list(range(first, self.next_sample - half + 1, hop))

    def _grains(self, windows: Tensor) -> Tensor:
        """Turn ``(batch, channel, window, sample)`` into grains at the other pitch."""
        half = self.config.window_samples // 2
        weighed = (windows * self.reader.window.to(windows.device)).roll(-half, -1)
        spectra = torch.fft.rfft(weighed)  # (batch, channel, window, bin), phases at the middle
        turned = torch.polar(torch.ones_like(spectra.real), self._turns(spectra)) * spectra
        turned = turned * self.reader.kept.to(windows.device)
        return self.reader.read(torch.fft.irfft(turned, 2 * half).roll(half, -1))

    def _turns(self, spectra: Tensor) -> Tensor:
        """Return by which angle every bin is turned, and carry it on."""
        config = self.config
        first = self.spectrum.to(spectra.device)[..., None, :]
        before = torch.cat([first, spectra[..., :-1, :]], -2)
        sounding = (SOUNDING_AMPLITUDE * config.window_samples / 4) ** 2
        power = _power(spectra)  # (batch, channel, window, bin)
        resets = self._resets(power, _power(before), sounding)
        owners = peak_owners(power, sounding, config.free_bins, config.lock_reach_bins)
        advances = self._advances(spectra * before.conj())
        turn, turns = self.turn.to(spectra.device), []
        for window in range(spectra.shape[-2]):
            turn = (turn + advances[..., window, :]).gather(-1, owners[..., window, :])
            turn = torch.where(resets[..., window, None], 0.0, turn)
            turns.append(turn)
        self.spectrum, self.turn = spectra[..., -1, :], turn
        return torch.stack(turns, -2)

    def _resets(self, power: Tensor, earlier: Tensor, sounding: float) -> Tensor:
        """Say for ``(batch, channel, window)`` where phases are taken from the audio."""
        sounds = power > sounding
        grown = (sounds & (power > GROWTH * earlier)).sum(-1).double()
        shares = grown / sounds.sum(-1).clamp(min=1)
        quiet = ~sounds.any(-1)
        silent = quiet | ~(earlier > sounding).any(-1)
        growing, pause = self.growing.to(power.device), self.pause.to(power.device)
        resets = []
        for window in range(power.shape[-2]):
            share = shares[..., window]
            struck = (share > self.config.transient_share) & (share > STRUCK_RISE * growing)
            struck = struck & (pause <= 0)
            pause = torch.where(struck, self.config.pause_hops, (pause - 1).clamp(min=0))
            pause = torch.where(quiet[..., window], 0, pause)
            growing = share
            resets.append(struck | silent[..., window])
        self.growing, self.pause = growing, pause
        return torch.stack(resets, -1)

    def _advances(self, products: Tensor) -> Tensor:
        """Return how much further a bin's phase goes at the other pitch than it did by itself.

        The lowest bin has no phase, and nothing turns a constant.
        """
        config = self.config
        bins = torch.arange(products.shape[-1], dtype=torch.float64, device=products.device)
        expected = 2.0 * math.pi * config.hop_samples / config.window_samples * bins
        heard = products.angle()
        strayed = heard - expected
        strayed = strayed - 2.0 * math.pi * torch.round(strayed / (2.0 * math.pi))
        return (config.ratio * (expected + strayed) - heard) * (bins > 0)


def peak_owners(power: Tensor, sounding: float, free_bins: int, reach_bins: int) -> Tensor:
    """Return for every bin the peak that it goes with, the nearest, or itself where it is free.

    Args:
        power: ``(..., bin)``.
        sounding: power below which nothing is a peak.
        free_bins: how many of the lowest bins are free.
        reach_bins: bins farther than this from any peak are free.

    Returns:
        ``(..., bin)`` whole numbers. Half-way between two peaks a bin belongs to the upper one.
    """
    reach, count = PEAK_REACH_BINS, power.shape[-1]
    around = functional.pad(power, (reach, reach), value=-1.0).unfold(-1, 2 * reach + 1, 1)
    below, above = around[..., :reach].amax(-1), around[..., reach + 1 :].amax(-1)
    is_peak = (power > sounding) & (power > below) & (power >= above)
    bins = torch.arange(count, device=power.device).expand(power.shape)
    lower = torch.where(is_peak, bins, -count).cummax(-1).values
    upper = torch.where(is_peak, bins, 2 * count).flip(-1).cummin(-1).values.flip(-1)
    nearest = torch.where(bins - lower < upper - bins, lower, upper)
    of_constant = (nearest == 0) & (bins <= 1)
    free = ((bins < free_bins) | ((nearest - bins).abs() > reach_bins)) & ~of_constant
    return torch.where(free | (nearest < 0) | (nearest >= count), bins, nearest)


def _power(spectra: Tensor) -> Tensor:
    return spectra.real.square() + spectra.imag.square()


@functools.lru_cache(maxsize=8)
@torch.inference_mode(mode=False)  # what is kept serves whoever differentiates later, too
def _reader(config: PitchShifterConfig) -> GrainReader:
    return GrainReader(
        config.window_samples,
        config.hop_samples,
        config.ratio,
        config.half_grain_samples,
        config.kept_bins,
    )
