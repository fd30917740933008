"""What is learned from: aligned dry and wet audio, and the part of it kept for judging."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from wetprint.errors import LearningError


@dataclass(frozen=True)
class Take:
    """One stretch of dry audio and the wet audio that belongs to it.

    Attributes:
        dry: ``(channels_in, time)`` float32.
        wet: ``(channels_out, time)`` float32.
        heard_from: samples at the start that serve as past only. With 0 the take begins after
            silence.
        name: for messages.
    """

    dry: np.ndarray
    wet: np.ndarray
    heard_from: int = 0
    name: str = "take"

    @property
    def scored_samples(self) -> int:
        """How many samples count."""
        return self.dry.shape[-1] - self.heard_from


@dataclass(frozen=True)
class Material:
    """Everything that one learning run hears.

    Attributes:
        training: takes to learn from.
        validation: takes that decide which model is best; never learned from.
        sample_rate: Hz.
        repeatability: ESR of the effect against itself on the validation takes, played twice;
            None where it could not be known.
    """

    training: tuple[Take, ...]
    validation: tuple[Take, ...]
    sample_rate: int
    repeatability: float | None = None

    @property
    def channels_in(self) -> int:
        """Channels of the dry side."""
        return self.training[0].dry.shape[0]

    @property
    def channels_out(self) -> int:
        """Channels of the wet side."""
        return self.training[0].wet.shape[0]

    @property
    def training_seconds(self) -> float:
        """Length of what is learned from."""
        return sum(take.scored_samples for take in self.training) / self.sample_rate


class Batches:
    """Draws random segments, every sample of the training takes being equally likely.

    Args:
        takes: what to draw from.
        context_samples: past that the model needs in front of every segment.
        segment_samples: length that is scored.
        device: where the batches go.
    """

    def __init__(
        self,
        takes: Sequence[Take],
        context_samples: int,
        segment_samples: int,
        device: torch.device,
    ):
        self.context_samples, self.segment_samples = context_samples, segment_samples
        dry, wet, starts, at = [], [], [], 0
        for take in takes:
            room = take.scored_samples - segment_samples
            if room < 0:
                continue
            dry.append(np.pad(take.dry, ((0, 0), (context_samples, 0))))
            wet.append(np.pad(take.wet, ((0, 0), (context_samples, 0))))
            starts.append((at + take.heard_from, room + 1))
            at += dry[-1].shape[-1]
        if not starts:
            raise LearningError(
                f"expected at least {segment_samples} samples of audio in one piece to train on, "
                "got less; record more"
            )
        self.dry = torch.from_numpy(np.concatenate(dry, -1).astype(np.float32)).to(device)
        self.wet = torch.from_numpy(np.concatenate(wet, -1).astype(np.float32)).to(device)
        self.first = np.array([start for start, _ in starts])
        self.room = np.array([room for _, room in starts])
        self.last_drawn: list[int] = []

    def draw(self, generator: np.random.Generator, count: int) -> tuple[Tensor, Tensor]:
        """Return ``(count, channels_in, context + segment)`` dry and ``(..., segment)`` wet."""
        takes = generator.choice(len(self.room), count, p=self.room / self.room.sum())
        begin = self.first[takes] + (generator.random(count) * self.room[takes]).astype(int)
        self.last_drawn = begin.tolist()
        heard, scored = self.context_samples + self.segment_samples, self.segment_samples
        dry = torch.stack([self.dry[:, each : each + heard] for each in begin])
        after = begin + self.context_samples
        wet = torch.stack([self.wet[:, each : each + scored] for each in after])
        return dry, wet


def predict(chain, take: Take, device: torch.device, block_samples: int = 1 << 16) -> np.ndarray:
    """Play a take through a chain, block by block: ``(channels_out, scored_samples)`` float32."""
    stream = chain.stream()
    played = []
    with torch.inference_mode():
        for start in range(0, take.dry.shape[-1], block_samples):
            block = torch.from_numpy(take.dry[None, :, start : start + block_samples]).to(device)
            played.append(stream.process(block)[0].cpu().numpy())
    return np.concatenate(played, -1)[:, take.heard_from :]


def wire_levels(takes: Sequence[Take], delays: Sequence[int]) -> tuple[float, ...]:
    """Return how loud each wet channel is beside the dry signal, as a ratio of RMS amplitudes.

    Args:
        takes: what was heard.
        delays: for each wet channel, by how many samples it lies behind the dry signal.

    Returns:
        For each wet channel the ratio, negative where it is closer to the dry signal upside down.
    """
    levels = []
    for channel, delay in enumerate(delays):
        dry_energy = wet_energy = together = 0.0
        for take in takes:
            dry, wet = take.dry.mean(0, dtype=np.float64), take.wet[channel].astype(np.float64)
            dry_energy += float(dry @ dry)
            wet_energy += float(wet @ wet)
            together += float(dry[: len(dry) - delay] @ wet[delay:])
        ratio = float(np.sqrt(wet_energy / dry_energy)) if dry_energy else 1.0
        levels.append(-ratio if together < 0.0 else ratio)
    return tuple(levels)


def validation_esr(chain, material: Material, device: torch.device) -> float:
    """Return the error-to-signal ratio over all validation takes together."""
    error = energy = 0.0
    for take in material.validation:
        wet = take.wet[:, take.heard_from :].astype(np.float64)
        error += float(((predict(chain, take, device) - wet) ** 2).sum())
        energy += float((wet**2).sum())
    return error / energy if energy else float("inf")
