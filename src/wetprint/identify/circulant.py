"""Circulant neighbours of Toeplitz matrices, by which conjugate gradients are preconditioned."""

from __future__ import annotations

import numpy as np


def nearest_circulant(lags: np.ndarray) -> np.ndarray:
    """Return the first column of the circulant matrix nearest to a symmetric Toeplitz one.

    Args:
        lags: ``(..., size)``, the Toeplitz matrix's first column.

    Returns:
        The same shape; T. Chan's optimal circulant preconditioner (1988, doi:10.1137/0909051).

    >>> nearest_circulant(np.array([4.0, 2.0, 1.0])).tolist()
    [4.0, 1.6666666666666667, 1.6666666666666667]
    """
    size = lags.shape[-1]
    lag = np.arange(size)
    behind = np.roll(lags[..., ::-1], 1, axis=-1)  # lag k holds the value at size - k
    return ((size - lag) * lags + lag * behind) / size
