"""One trained chain in the race, and the solved chain that it may stand beside."""

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
    """A solved chain beside which another is trained: its recipe, and its ESR in validation."""

    recipe: str
    chain: Chain
    error: float


@dataclass(frozen=True)
class Entrant:
    """A training run on what a solved chain leaves, or on everything where there is none.

    What is learned is brought to unit loudness, so that the same steps serve an effect however
    loud it is and however little is left of it.

    Attributes:
        recipe: its recipe's name.
        training: the run; its errors are shares of what was left.
        base: the solved chain beside which the trained one stands, or None.
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
        left, loudness = remaining(material, solved, device, progress)
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
        """Return the trained chain at the effect's loudness, beside the base where there is one."""
        chain = copy.deepcopy(self.training.chain)
        last = chain[len(chain) - 1]
        if isinstance(last, Fir):
            with torch.no_grad():
                last.response.mul_(self.loudness)
        else:
            louder = Gain(GainConfig(chain.channels_out)).to(self.training.device)
            louder.gain.data.fill_(self.loudness)
            chain = Chain([*chain, louder])
        return chain if self.base is None else Chain([Parallel([self.base.chain, chain])])
