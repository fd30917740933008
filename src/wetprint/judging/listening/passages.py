"""What is listened to: the same passage dry, through the effect, and through models of it.

All sounds of a passage begin at the same sample, are equally long, have as many channels, and are
equally loud by ITU-R BS.1770-4, as ITU-R BS.1116-3 (section 9) and MUSHRA (BS.1534-3) ask.
"""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from wetprint.errors import ListeningError
from wetprint.judging.excerpts import loudest_start

SHORTEST_SECONDS = 2.0
LOUDEST_SAMPLE = 0.98

DRY, WET = "dry", "wet"
ANCHOR = "anchor"
"""Names that no model may have."""


@dataclass(frozen=True)
class Passage:
    """One passage.

    Attributes:
        effect: what it was played through.
        name: of the passage.
        dry: ``(channels, time)`` float32.
        wet: likewise, what the effect played.
        models: likewise, what each model played, by its name.
        sample_rate: Hz, of all.
        digests: the fingerprint of each model's file, by its name, where there are files.
    """

    effect: str
    name: str
    dry: np.ndarray
    wet: np.ndarray
    models: dict[str, np.ndarray]
    sample_rate: int
    digests: dict[str, str] = field(default_factory=dict)

    @property
    def sounds(self) -> dict[str, np.ndarray]:
        """All sounds by name: dry, wet and the models."""
        return {DRY: self.dry, WET: self.wet, **self.models}


def joined(passages: Sequence[Passage]) -> list[Passage]:
    """Put models of one effect that were heard on the same passage together.

    Raises:
        ListeningError: two models of a passage have the same name, or are of other sample rates.
    """
    together: dict[tuple[str, str], Passage] = {}
    for each in passages:
        key = (each.effect, each.name)
        known = together.get(key)
        if known is None:
            together[key] = each
            continue
        if known.sample_rate != each.sample_rate:
            raise ListeningError(
                f"expected one sample rate for all models of '{each.effect}', got "
                f"{known.sample_rate} and {each.sample_rate} Hz; learn them at the same rate"
            )
        if set(known.models) & set(each.models):
            raise ListeningError(
                f"expected models of different names, got '{next(iter(each.models))}' twice; "
                "rename one of the files"
            )
        together[key] = dataclasses.replace(
            known,
            models={**known.models, **each.models},
            digests={**known.digests, **each.digests},
        )
    return list(together.values())


def prepared(passage: Passage, seconds: float) -> Passage:
    """Cut a passage to its loudest stretch and make everything in it equally long and loud.

    Args:
        passage: as it was played.
        seconds: how long it may be.

    Raises:
        ListeningError: it is shorter than 2 s, or a sound of it is silent.
    """
    name, rate = f"'{passage.name}' of '{passage.effect}'", passage.sample_rate
    samples = min(each.shape[-1] for each in passage.sounds.values())
    if samples < SHORTEST_SECONDS * rate:
        raise ListeningError(
            f"expected passages of at least {SHORTEST_SECONDS:g} s to listen to, got "
            f"{samples / rate:.2f} s in {name}; give a longer one"
        )
    channels = max(len(each) for each in passage.sounds.values())
    start = loudest_start(passage.wet[:, :samples], rate, seconds)
    stop = min(samples, start + round(seconds * rate))
    cut = {
        key: np.broadcast_to(each[:, start:stop], (channels, stop - start)).astype(np.float32)
        for key, each in passage.sounds.items()
    }
    loudness = {key: _loudness_lufs(each, rate) for key, each in cut.items()}
    for key, each in loudness.items():
        if not np.isfinite(each):
            raise ListeningError(
                f"expected sound to listen to, got silence in {name}, {key}; choose another passage"
            )
    level = loudness[WET]
    matched = {key: each * _factor(level - loudness[key]) for key, each in cut.items()}
    peak = max(float(np.abs(each).max()) for each in matched.values())
    held = np.float32(min(1.0, LOUDEST_SAMPLE / peak))
    matched = {key: each * held for key, each in matched.items()}
    models = {key: matched[key] for key in passage.models}
    return dataclasses.replace(passage, dry=matched[DRY], wet=matched[WET], models=models)


def _factor(difference_db: float) -> np.float32:
    return np.float32(10.0 ** (difference_db / 20.0))


def _loudness_lufs(audio: np.ndarray, sample_rate: int) -> float:
    """Return the integrated loudness; minus infinity for silence."""
    import pyloudnorm

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of silence it warns, and says so by its value
        meter = pyloudnorm.Meter(sample_rate)
        return float(meter.integrated_loudness(audio.T.astype(np.float64)))
