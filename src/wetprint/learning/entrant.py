"""One trained chain in the race, and the solved chain that it may stand beside or behind."""

from __future__ import annotations

import copy
import dataclasses
from dataclasses import dataclass

import torch

from wetprint.blocks.convolution import Fir
from wetprint.blocks.gain import Gain, GainConfig
from wetprint.learning.material import Material, remaining
from wetprint.learning.training import Judgement, Training, TrainingConfig
from wetprint.models.chain import Chain
from wetprint.models.parallel import Parallel
from wetprint.progress import Progress, silent


@dataclass(frozen=True)
class Base:
    """A solved chain beside or behind which another is trained.

    Attributes:
        recipe: its recipe's name.
        chain: itself.
        error: its ESR on the validation takes.
        is_heard: whether the other hears what it plays, and not the dry signal.
    """

    recipe: str
    chain: Chain
    error: float
    is_heard: bool = False


@dataclass(frozen=True)
class Entrant:
    """A training run on what a solved chain leaves, or on everything where there is none.

    What is learned is brought to unit loudness, so that the same steps serve an effect however
    loud it is and however little is left of it.

    Attributes:
        recipe: its recipe's name.
        training: the run; its errors are shares of what was left.
        base: the solved chain with which the trained one stands, or None.
        loudness: RMS amplitude of what was left; the trained chain plays at unit loudness.
    """

    recipe: str
    training: Training
    base: Base | None
    loudness: float

    @classmethod
    def on(
        cls,
        material: Material,
        recipe: str,
        chain: Chain,
        base: Base | None,
        config: TrainingConfig,
        device: torch.device,
        seed: int,
        progress: Progress = silent,
    ) -> Entrant:
        """Prepare a run: play the base, and take what it leaves as what is to be learned."""
        solved = None if base is None else base.chain.to(device)
        is_heard = base is not None and base.is_heard
        left, loudness = remaining(material, solved, device, progress, is_heard)
        return cls(recipe, Training(chain, left, config, device, seed), base, loudness)

    @property
    def left(self) -> float:
        """The share of the wet signal's energy that is left to be learned."""
        return 1.0 if self.base is None else self.base.error

    @property
    def error(self) -> float:
        """ESR of the whole on the validation takes, as it validated best."""
        return self.training.best_error * self.left

    @property
    def history(self) -> tuple[Judgement, ...]:
        """Every judgement of the whole so far."""
        return tuple(
            dataclasses.replace(each, error=each.error * self.left)
            for each in self.training.history
        )

    def finished(self) -> Chain:
        """Return the trained chain at the effect's loudness, with the base where there is one."""
        chain = copy.deepcopy(self.training.chain)
        last = chain[len(chain) - 1]
        if isinstance(last, Fir):
            with torch.no_grad():
                last.response.mul_(self.loudness)
        else:
            chain = Chain([*chain, self._gain(chain.channels_out, self.loudness)])
        if self.base is None:
            return chain
        if not self.base.is_heard:
            return Chain([Parallel([self.base.chain, chain])])
        wire = Chain([self._gain(chain.channels_out, 1.0)])
        return Chain([*self.base.chain, Parallel([wire, chain])])

    def _gain(self, channels: int, factor: float) -> Gain:
        gain = Gain(GainConfig(channels)).to(self.training.device)
        gain.gain.data.fill_(factor)
        return gain
