"""How far a prediction is from its target: five measures, each with its definition and source.

All take ``(prediction, target)``, both of shape (channel, time), and judge all channels together.

esr
    Error-to-signal ratio (no unit; ``esr_db`` in dB): energy of the difference over energy of the
    target. 0 is perfect, 1 is as bad as silence, 4 is what inverted polarity leaves.
    Wright, Damskägg, Välimäki, "Real-time black-box modelling with recurrent neural networks",
    DAFx 2019, eq. 9, without their pre-emphasis.
mr_stft
    Multi-resolution STFT distance (no unit): spectral convergence plus mean absolute difference of
    log magnitudes (natural logarithm), averaged over three resolutions. Blind to polarity.
    Yamamoto, Song, Kim, "Parallel WaveGAN", ICASSP 2020, arXiv:1910.11480, eqs. 4 to 7; resolutions
    and rounding as in auraloss 0.4 (Steinmetz, Reiss, DMRN+15, 2020).
mel_distance
    Mean absolute difference of log-mel spectrograms in dB, both held at 80 dB below the target's
    peak. The spectrogram's answer to "how different does it look".
gain_envelope_error
    Difference of the gain over time in dB (20 ms), where the dry signal plays: its mean absolute
    value, and the share of time within 0.25 dB. What a compressor is to be judged by.
loudness_difference
    Difference of integrated loudness in LU (ITU-R BS.1770-4, by pyloudnorm). Signed: positive when
    the prediction is louder.

The way is always validate, then metric; ``evaluate`` does all of them at once.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import numpy as np

from wetprint.errors import PairError
from wetprint.identify import spectra
from wetprint.judging import levels

# (transform, hop, window) in samples, the defaults of Parallel WaveGAN and of auraloss.
STFT_RESOLUTIONS = ((1024, 120, 600), (2048, 240, 1200), (512, 50, 240))
STFT_POWER_FLOOR = 1e-8  # auraloss' eps: magnitudes below 1e-4 count as 1e-4

SILENT_POWER = spectra.SILENT_POWER

GAIN_RANGE_DB = 60.0  # levels are held this far below the target's loudest moment
PLAYING_RANGE_DB = 50.0  # the dry signal plays where it is within this of its loudest moment
GAIN_TOLERANCE_DB = 0.25

LOUDNESS_GATE_LUFS = -70.0  # BS.1770's absolute gate: below it, nothing is heard
LOUDNESS_BLOCK_S = 0.4
LOUDNESS_MOST_CHANNELS = 5

ENERGY_CHUNK_SAMPLES = 2**18


@dataclass(frozen=True)
class GainEnvelopeError:
    """What ``gain_envelope_error`` found; both are nan where the dry signal never plays.

    Attributes:
        mean_absolute_db: mean absolute difference of the two gains.
        share_within: share of time, 0 to 1, in which they differ by at most 0.25 dB.
    """

    mean_absolute_db: float
    share_within: float


@dataclass(frozen=True)
class Scores:
    """Every measure of one prediction against one target; the module says what each means."""

    esr: float
    mr_stft: float
    mel_distance_db: float
    gain_error_db: float
    gain_within_quarter_db: float
    loudness_difference_lu: float

    @property
    def esr_db(self) -> float:
        """The error-to-signal ratio in dB."""
        return ratio_db(self.esr)

    def to_json(self) -> dict[str, float | None]:
        """Return plain numbers, and None for what is not finite."""
        figures = {"esr": self.esr, "esr_db": self.esr_db, **asdict(self)}
        return {name: finite_or_none(value) for name, value in figures.items()}


def finite_or_none(value: float) -> float | None:
    """Make a number fit for JSON, which knows no infinity.

    >>> finite_or_none(float("inf")) is None
    True
    """
    return float(value) if math.isfinite(value) else None


def ratio_db(ratio: float) -> float:
    """Express a ratio of energies in dB; zero becomes minus infinity.

    >>> ratio_db(0.01)
    -20.0
    """
    return 10.0 * math.log10(ratio) if ratio > 0.0 else (ratio if math.isnan(ratio) else -math.inf)


def validate(prediction: np.ndarray, target: np.ndarray) -> None:
    """Refuse what cannot be compared.

    Raises:
        PairError: not (channel, time), not floating point, empty, not finite, or of different
            channel counts or lengths.
    """
    for name, audio in (("prediction", prediction), ("target", target)):
        if audio.ndim != 2 or not np.issubdtype(audio.dtype, np.floating):
            raise PairError(
                f"the {name} must be floating-point sound of shape (channel, time), "
                f"but is {audio.dtype} of shape {audio.shape}"
            )
        if audio.size == 0:
            raise PairError(f"the {name} holds no sound; judge at least one sample")
        if not np.isfinite(audio).all():
            raise PairError(
                f"the {name} holds values that are not numbers (NaN or infinite); render it again"
            )
    if prediction.shape[0] != target.shape[0]:
        raise PairError(
            f"the prediction has {_channels(prediction)}, the target {_channels(target)}; "
            "bring both to the same number of channels first"
        )
    if prediction.shape[1] != target.shape[1]:
        raise PairError(
            f"the prediction is {prediction.shape[1]} samples long, the target {target.shape[1]}; "
            "trim both to the same length first"
        )


def _channels(audio: np.ndarray) -> str:
    return f"{audio.shape[0]} channel" + ("s" if audio.shape[0] != 1 else "")


def evaluate(
    prediction: np.ndarray, target: np.ndarray, dry: np.ndarray, sample_rate: int
) -> Scores:
    """Take every measure at once.

    Args:
        prediction: what is judged, shape (channel, time).
        target: what it should be, same shape.
        dry: what went into the effect, same shape; only ``gain_envelope_error`` looks at it.
        sample_rate: of all three, in Hz.

    Raises:
        PairError: the three do not fit together.
    """
    gain = gain_envelope_error(prediction, target, dry, sample_rate)
    return Scores(
        esr=esr(prediction, target),
        mr_stft=mr_stft(prediction, target),
        mel_distance_db=mel_distance(prediction, target, sample_rate),
        gain_error_db=gain.mean_absolute_db,
        gain_within_quarter_db=gain.share_within,
        loudness_difference_lu=loudness_difference(prediction, target, sample_rate),
    )


def esr(prediction: np.ndarray, target: np.ndarray) -> float:
    """Return the error-to-signal ratio, the energies of all channels summed before dividing.

    Against a silent target it is 0 for silence and infinite for anything else.

    Raises:
        PairError: the two do not fit together.

    >>> target = np.array([[2.0, 0.0, -2.0]], dtype=np.float32)
    >>> esr(0.9 * target, target)  # a tenth of the amplitude is missing: 0.1 squared
    0.01...
    """
    validate(prediction, target)
    error = signal = 0.0
    for start in range(0, target.shape[1], ENERGY_CHUNK_SAMPLES):
        part = slice(start, start + ENERGY_CHUNK_SAMPLES)
        wanted = target[:, part].astype(np.float64)
        signal += float(np.sum(np.square(wanted)))
        error += float(np.sum(np.square(prediction[:, part] - wanted)))
    if signal == 0.0:
        return 0.0 if error == 0.0 else math.inf
    return error / signal


def esr_db(prediction: np.ndarray, target: np.ndarray) -> float:
    """Return the error-to-signal ratio in dB; minus infinity when there is no error at all."""
    return ratio_db(esr(prediction, target))


def mr_stft(prediction: np.ndarray, target: np.ndarray) -> float:
    """Return the multi-resolution STFT distance of Yamamoto 2020, as auraloss 0.4 computes it.

    Powers below 1e-8 are raised to it, so silence against silence is 0 and a silent target gives
    a large but finite number. The spectral convergence divides Frobenius norms taken over all
    channels together. The resolutions are in samples, whatever the sample rate. Where it deviates:
    audio shorter than a transform is filled with zeros instead of refused.

    Raises:
        PairError: the two do not fit together.
    """
    validate(prediction, target)
    distances = [_stft_distance(prediction, target, *each) for each in STFT_RESOLUTIONS]
    return float(np.mean(distances))


def _stft_distance(
    prediction: np.ndarray, target: np.ndarray, fft_size: int, hop: int, window: int
) -> float:
    """Return spectral convergence plus log-magnitude distance at one resolution."""
    predicted = spectra.framed(prediction, fft_size, hop, window, "reflect")
    wanted_frames = spectra.framed(target, fft_size, hop, window, "reflect")

    def sums(first: int, last: int) -> tuple[float, float, float, int]:
        ours = np.maximum(predicted.power(first, last), STFT_POWER_FLOOR)
        wanted = np.maximum(wanted_frames.power(first, last), STFT_POWER_FLOOR)
        log_difference = 0.5 * np.abs(np.log(ours / wanted)).sum(dtype=np.float64)
        energy = wanted.sum(dtype=np.float64)
        error = np.square(np.sqrt(ours) - np.sqrt(wanted)).sum(dtype=np.float64)
        return float(log_difference), float(energy), float(error), wanted.size

    parts = spectra.over_chunks(sums, predicted)
    log_difference, energy, error, bins = np.sum(parts, axis=0)
    return float(np.sqrt(error / energy) + log_difference / bins)


def mel_distance(prediction: np.ndarray, target: np.ndarray, sample_rate: int) -> float:
    """Return the mean absolute difference of log-mel spectrograms in dB; see spectra.log_mel.

    Raises:
        PairError: the two do not fit together.
    """
    validate(prediction, target)
    ours, wanted = spectra.log_mel(prediction, target, sample_rate)
    return float(np.mean(np.abs(ours - wanted), dtype=float))


def gain_envelope_error(
    prediction: np.ndarray, target: np.ndarray, dry: np.ndarray, sample_rate: int
) -> GainEnvelopeError:
    """Compare how much the prediction and the target turn the dry signal up and down over time.

    A gain is the short-time level (20 ms, every 5 ms) over the dry signal's. It is looked at where
    there is one: where the dry level is within 50 dB of its loudest moment. Levels are held at
    60 dB below the target's loudest moment. As both gains refer to the same dry level, their
    difference is that of the levels, and the dry signal says only when to look.

    Args:
        prediction: what is judged, shape (channel, time).
        target: what it should be, same shape.
        dry: what went into the effect, same shape.
        sample_rate: of all three, in Hz.

    Raises:
        PairError: the three do not fit together.
    """
    validate(prediction, target)
    validate(dry, target)
    ours, wanted, played = (
        levels.short_time_power(audio, sample_rate) for audio in (prediction, target, dry)
    )
    playing = (played > played.max() * 10.0 ** (-PLAYING_RANGE_DB / 10.0)) & (played > SILENT_POWER)
    if not playing.any():
        return GainEnvelopeError(math.nan, math.nan)
    floor = max(float(wanted.max()), SILENT_POWER) * 10.0 ** (-GAIN_RANGE_DB / 10.0)
    ratio = np.maximum(ours, floor)[playing] / np.maximum(wanted, floor)[playing]
    difference_db = np.abs(10.0 * np.log10(ratio))
    within = np.mean(difference_db <= GAIN_TOLERANCE_DB)
    return GainEnvelopeError(float(np.mean(difference_db)), float(within))


def loudness_difference(prediction: np.ndarray, target: np.ndarray, sample_rate: int) -> float:
    """Return how much louder the prediction is than the target, in LU.

    Raises:
        PairError: the two do not fit together, or have more than five channels.
    """
    validate(prediction, target)
    return loudness(prediction, sample_rate) - loudness(target, sample_rate)


def loudness(audio: np.ndarray, sample_rate: int) -> float:
    """Measure integrated loudness in LUFS (ITU-R BS.1770-4), at least -70.

    -70 LUFS is the standard's absolute gate: silence, and all that is quieter, reads as that.
    Sound shorter than the standard's block of 0.4 s is filled up with silence, which leaves the
    difference of two equally long ones as it is.

    Args:
        audio: sound, shape (channel, time), one to five channels.
        sample_rate: in Hz.

    Raises:
        PairError: more than five channels, for which the standard has no weights.
    """
    import pyloudnorm

    if audio.shape[0] > LOUDNESS_MOST_CHANNELS:
        raise PairError(
            f"loudness is defined for one to five channels, but there are {audio.shape[0]}"
        )
    missing = max(0, math.ceil(LOUDNESS_BLOCK_S * sample_rate) - audio.shape[1])
    filled = np.pad(audio, ((0, 0), (0, missing))) if missing else audio
    measured = pyloudnorm.Meter(sample_rate).integrated_loudness(filled.T)
    return max(LOUDNESS_GATE_LUFS, float(measured))
