"""What is learned from: aligned dry and wet audio, and the part of it kept for judging."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from wetprint.errors import LearningError
from wetprint.models.chain import Chain
from wetprint.models.playing import BLOCK_SAMPLES, play_chain
from wetprint.progress import Progress, silent


@dataclass(frozen=True)
class Take:
    """One stretch of dry audio and the wet audio that belongs to it.

    Attributes:
        dry: ``(channels_in, time)`` float32.
        wet: ``(channels_out, time)`` float32.
        heard_from: samples at the start that serve as past only. With 0 the take begins after
            silence.
        name: for messages.
        start_sample: absolute time of the first sample, by which effects move: 0 where the effect
            was started with it.
        recording: number of the recording it was cut from.
    """

    dry: np.ndarray
    wet: np.ndarray
    heard_from: int = 0
    name: str = "take"
    start_sample: int = 0
    recording: int = 0

    @property
    def scored_samples(self) -> int:
        """How many samples count."""
        return self.dry.shape[-1] - self.heard_from

    @property
    def scored_wet(self) -> np.ndarray:
        """The samples that count: ``(channels_out, scored_samples)`` float32."""
        return self.wet[:, self.heard_from :]


@dataclass(frozen=True)
class Material:
    """Everything that one learning run hears.

    Attributes:
        training: takes to learn from.
        validation: takes that decide which model is best; never learned from.
        sample_rate: Hz.
        repeatability: ESR of the effect against itself on the validation takes, played twice;
            None where it could not be known.
        drive: plays any dry signal, ``(1, time)``, through the effect, from its start:
            ``(channels_out, time)``; None where there are recordings only.
        notes: what the user should know of it.
    """

    training: tuple[Take, ...]
    validation: tuple[Take, ...]
    sample_rate: int
    repeatability: float | None = None
    drive: Callable[[np.ndarray], np.ndarray] | None = None
    notes: tuple[str, ...] = ()

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

    def changed(self, change: Callable[[Take], Take]) -> Material:
        """Return the same with every take changed."""
        return dataclasses.replace(
            self,
            training=tuple(map(change, self.training)),
            validation=tuple(map(change, self.validation)),
        )


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

    def draw(
        self, generator: np.random.Generator, count: int, step: int = 0
    ) -> tuple[Tensor, Tensor]:
        """Return ``(count, channels_in, context + segment)`` dry and ``(..., segment)`` wet.

        Args:
            generator: of the places.
            count: how many segments.
            step: how many were drawn before.
        """
        begin = self.places(generator, count, step)
        self.last_drawn = begin.tolist()
        heard, scored = self.context_samples + self.segment_samples, self.segment_samples
        dry = torch.stack([self.dry[:, each : each + heard] for each in begin])
        after = begin + self.context_samples
        wet = torch.stack([self.wet[:, each : each + scored] for each in after])
        return dry, wet

    def places(self, generator: np.random.Generator, count: int, step: int) -> np.ndarray:
        """Choose where the segments' pasts begin, ``(count,)``."""
        takes = generator.choice(len(self.room), count, p=self.room / self.room.sum())
        return self.first[takes] + (generator.random(count) * self.room[takes]).astype(int)


def predict(
    chain: Chain, take: Take, device: torch.device, block_samples: int = BLOCK_SAMPLES
) -> np.ndarray:
    """Play a take through a chain: ``(channels_out, scored_samples)`` float32."""
    played = play_chain(chain, take.dry, take.start_sample, device, block_samples)
    return played[:, take.heard_from :]


def remaining(
    material: Material,
    chain: Chain | None,
    device: torch.device,
    progress: Progress = silent,
    is_heard: bool = False,
) -> tuple[Material, float]:
    """Return what a chain leaves of the wet side, brought to unit loudness.

    Args:
        material: what was heard.
        chain: what explains a part of it; None to explain nothing.
        device: where the chain is played.
        progress: told how far it is.
        is_heard: whether what the chain plays becomes the dry side, instead of the dry signal.

    Returns:
        The takes with what remains as their wet side, and the RMS amplitude it was divided by.
    """
    count, done = len(material.training) + len(material.validation), itertools.count()

    def left(take: Take) -> Take:
        progress("playing what was solved", next(done) / count)
        if chain is None:
            return take
        played = play_chain(chain, take.dry, take.start_sample, device, BLOCK_SAMPLES)
        wet = take.wet.copy()
        wet[:, take.heard_from :] -= played[:, take.heard_from :]
        return dataclasses.replace(take, wet=wet, dry=played if is_heard else take.dry)

    rest = material.changed(left)
    energy = sum(_energy(each.scored_wet) for each in rest.training)
    samples = sum(take.scored_samples for take in rest.training) * material.channels_out
    loudness = math.sqrt(energy / samples) or 1.0

    def at_unit_loudness(take: Take) -> Take:
        return dataclasses.replace(take, wet=take.wet / np.float32(loudness))

    return rest.changed(at_unit_loudness), loudness


def shortened(take: Take, samples: int) -> Take:
    """Return the beginning of a take, with as many scored samples at most."""
    end = take.heard_from + samples
    return dataclasses.replace(take, dry=take.dry[:, :end], wet=take.wet[:, :end])


def validation_esr(chain, material: Material, device: torch.device) -> float:
    """Return a chain's error-to-signal ratio over all validation takes together."""
    return takes_esr(material.validation, lambda take: predict(chain, take, device))


def takes_esr(takes: Sequence[Take], play: Callable[[Take], np.ndarray]) -> float:
    """Return the error-to-signal ratio over takes together: infinite where all of them are silent.

    Args:
        takes: what counts.
        play: gives what is compared with a take's ``scored_wet``, of the same shape.
    """
    error = sum(_energy(play(take) - take.scored_wet.astype(np.float64)) for take in takes)
    energy = sum(_energy(take.scored_wet) for take in takes)
    return error / energy if energy else math.inf


def _energy(signal: np.ndarray) -> float:
    return float(np.square(signal, dtype=np.float64).sum())
