"""An impulse response as an effect: ``ir:cab.wav``.

Convolution of the whole sound by overlap-add (Stockham 1966, doi:10.1145/1464182.1464209), in
double precision. The response is resampled to the sound's rate and scaled so that its frequency
response stays the same.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from wetprint import audio as sound_files
from wetprint.effects.effect import Effect
from wetprint.effects.hosted import TimeLimits
from wetprint.effects.knob import Knob, read_settings
from wetprint.effects.spec import EffectSpec, format_spec
from wetprint.errors import AudioFileError, EffectError
from wetprint.progress import Progress


class ImpulseResponseEffect(Effect):
    """A mono or stereo impulse response.

    A mono response treats each channel alike; a stereo one gives each side its own, so that a mono
    sound becomes stereo.

    Raises:
        EffectError: the file is missing, no sound, silent, or has more than two channels.
    """

    def __init__(self, spec: EffectSpec, limits: TimeLimits) -> None:
        self.spec = format_spec(spec)
        read_settings((), spec.settings, f"ir:{spec.identifier}")
        self._path = Path(spec.identifier).expanduser()
        response, _ = self._response(None)
        if response.shape[0] > 2:
            raise EffectError(
                f"{spec.identifier} has {response.shape[0]} channels, but an impulse response has "
                "one or two here; take the ones that matter"
            )
        if not response.any():
            raise EffectError(f"{spec.identifier} is silent, so it is no impulse response")
        self.outputs = 2 if response.shape[0] == 2 else None

    def knobs(self) -> tuple[Knob, ...]:
        """List nothing: a response has no knobs."""
        return ()

    def files(self) -> tuple[str, ...]:
        """List the response's file."""
        return (str(self._path),)

    def _run(
        self, audio: np.ndarray, sample_rate: int, lead_samples: int, progress: Progress
    ) -> np.ndarray:
        from scipy.signal import oaconvolve

        response, gain = self._response(sample_rate)
        channels = max(audio.shape[0], response.shape[0])
        sides = []
        for side in range(channels):
            dry = audio[min(side, audio.shape[0] - 1)].astype(np.float64)
            taps = gain * response[min(side, response.shape[0] - 1)].astype(np.float64)
            sides.append(oaconvolve(dry, taps)[: audio.shape[1]].astype(np.float32))
            progress("rendering", (side + 1) / channels)
        return np.stack(sides)

    def _response(self, sample_rate: int | None) -> tuple[np.ndarray, float]:
        """Give the taps at a sample rate, and the gain that keeps their frequency response."""
        try:
            own_rate = sound_files.info(self._path).sample_rate
            response, rate = sound_files.read(self._path, sample_rate)
        except AudioFileError as error:
            raise EffectError(f"ir: {error}") from None
        return response, own_rate / rate
