"""One trained chain in the race, and the solved chain that it may stand beside."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import torch

from wetprint.blocks.convolution import Fir
from wetprint.learning.material import Material, remaining
from wetprint.learning.training import Judgement, Training, TrainingConfig
from wetprint.models.chain import Chain
from wetprint.models.parallel import Parallel
from wetprint.progress import Progress, silent


@dataclass
class Entrant:
    """A training run on what a solved chain leaves, or on everything where there is none.

    What is learned is brought to unit loudness, so that the same steps serve an effect however
    loud it is and however little is left of it.

    Attributes:
        recipe: its recipe's name.
        training: the run; its errors are shares of what was left.
        base: the solved chain beside which the trained one stands, or None.
        base_error: ESR of that chain on the validation takes, 1 without one.
        loudness: RMS amplitude of what was left; the trained chain plays at unit loudness.
    """

    recipe: str
    training: Training
    base: Chain | None
    base_error: float
    loudness: float

    @classmethod
    def on(
        cls,
        material: Material,
        recipe: str,
        chain: Chain,
        base: Chain | None,
        base_error: float,
        config: TrainingConfig,
        device: torch.device,
        seed: int,
        progress: Progress = silent,
    ) -> Entrant:
        """Prepare a run: play the base, and take what it leaves as what is to be learned."""
        base = None if base is None else base.to(device)
        left, loudness = remaining(material, base, device, progress)
        training = Training(chain, left, config, device, seed)
        return cls(recipe, training, base, base_error if base is not None else 1.0, loudness)

    @property
    def error(self) -> float:
        """ESR of the whole on the validation takes, as it validated best."""
        return self.training.best_error * self.base_error

    @property
    def history(self) -> tuple[Judgement, ...]:
        """Every judgement of the whole so far."""
        return tuple(
            dataclasses.replace(each, error=each.error * self.base_error)
            for each in self.training.history
        )

    def finished(self) -> Chain:
        """Return the trained chain at the effect's loudness, beside the base where there is one."""
        chain = self.training.chain
        last = chain[len(chain) - 1]
        assert isinstance(last, Fir)  # every trained recipe ends in a filter
        with torch.no_grad():
            last.response.mul_(self.loudness)
        return chain if self.base is None else Chain([Parallel([self.base, chain])])
