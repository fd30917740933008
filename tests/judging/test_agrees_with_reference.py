"""The spectral measures against independent implementations of the same definitions."""

from __future__ import annotations

import numpy as np
import pytest

from wetprint.identify import spectra
from wetprint.judging import metrics

RATE = 48000


def with_silences(audio: np.ndarray, start: int) -> np.ndarray:
    quiet = audio.copy()
    quiet[:, start : start + 4000] = 0.0
    return quiet


def mr_stft_by_torch(prediction: np.ndarray, target: np.ndarray) -> float:
    """Write the equations 4 to 7 of arXiv:1910.11480 down once more, over whole spectrograms."""
    torch = pytest.importorskip("torch")

    def magnitude(audio, fft_size, hop, window):
        spectrum = torch.stft(
            torch.from_numpy(audio),
            fft_size,
            hop,
            window,
            torch.hann_window(window),
            return_complex=True,
        )
        return spectrum.abs().square().clamp(min=1e-8).sqrt()  # (channel, bin, frame)

    total = 0.0
    for resolution in ((512, 50, 240), (1024, 120, 600), (2048, 240, 1200)):
        ours, wanted = (magnitude(each, *resolution) for each in (prediction, target))
        convergence = torch.linalg.norm(wanted - ours) / torch.linalg.norm(wanted)
        total += float(convergence + (wanted.log() - ours.log()).abs().mean())
    return total / 3.0


@pytest.mark.parametrize("channels", [1, 2])
def test_mr_stft_agrees_with_torch(noise, channels):
    target = with_silences(noise(channels, seed=1), 3000)
    prediction = with_silences(0.7 * target + 0.2 * noise(channels, seed=2), 8000)
    expected = mr_stft_by_torch(prediction, target)
    assert metrics.mr_stft(prediction, target) == pytest.approx(expected, rel=1e-4)


def test_mr_stft_agrees_with_auraloss(noise):
    torch = pytest.importorskip("torch")
    auraloss = pytest.importorskip("auraloss")
    target = with_silences(noise(2, seed=1), 3000)
    prediction = with_silences(0.7 * target + 0.2 * noise(2, seed=2), 8000)
    loss = auraloss.freq.MultiResolutionSTFTLoss()
    expected = loss(torch.from_numpy(prediction[None]), torch.from_numpy(target[None]))
    assert metrics.mr_stft(prediction, target) == pytest.approx(float(expected), rel=1e-4)


@pytest.mark.parametrize(("rate", "size"), [(48000, 2048), (44100, 2048), (96000, 4096)])
def test_mel_power_agrees_with_librosa(noise, rate, size):
    librosa = pytest.importorskip("librosa")
    audio = noise(2)
    expected = librosa.feature.melspectrogram(y=audio, sr=rate, n_fft=size, hop_length=size // 4)
    found = spectra.mel_power(audio, rate)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-6 * expected.max())
