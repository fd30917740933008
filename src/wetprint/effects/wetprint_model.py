"""A learned model as an effect: ``wetprint:model.wetprint``.

It is played by ``python -m wetprint.cli apply MODEL IN OUT``, so that effects need not know
models. A model's time zero is the first sample it gets, so the silence that other effects hear
first is kept from it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from wetprint.effects.hosted import TimeLimits, python_environment
from wetprint.effects.programs import ProgramEffect
from wetprint.effects.spec import EffectSpec
from wetprint.errors import EffectError
from wetprint.progress import Progress


class WetprintEffect(ProgramEffect):
    """A model file.

    Raises:
        EffectError: there is no such file.
    """

    def __init__(self, spec: EffectSpec, limits: TimeLimits) -> None:
        super().__init__(spec, limits)
        self._model = Path(spec.identifier).expanduser()
        self._environment = python_environment()
        if not self._model.is_file():
            raise EffectError(f"there is no model {spec.identifier}; check the path")

    def files(self) -> tuple[str, ...]:
        """List the model file."""
        return (str(self._model),)

    def _arguments(self, dry: Path, wet: Path, sample_rate: int, channels: int) -> list[str]:
        apply = [sys.executable, "-P", "-m", "wetprint.cli", "apply", str(self._model.absolute())]
        return [*apply, str(dry), str(wet)]

    def _run(
        self, audio: np.ndarray, sample_rate: int, lead_samples: int, progress: Progress
    ) -> np.ndarray:
        wet = super()._run(audio[:, lead_samples:], sample_rate, 0, progress)
        return np.pad(wet, ((0, 0), (lead_samples, 0)))
