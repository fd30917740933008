"""What an echo is solved from: what is played now, and what was played and heard one echo ago.

The wet signal is known, so that what came back through the loop is known too, and a loop is solved
as if it were none: the equation-error method (Ljung 1999, System Identification, section 7.3).
Where the loop hears what the solved echo itself plays instead, the error is that of the output.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from wetprint.learning.material import Take

PLAYED, PLAYED_BEFORE, HEARD_BEFORE = 0, 1, 2
"""The inputs' numbers: the dry signal, and the heads' sums of the dry and of the wet one."""


@dataclass(frozen=True)
class Head:
    """A place on the line where it is heard: how late, in samples, and how loud."""

    delay_samples: int
    gain: float = 1.0


def inputs_of(take: Take, heads: tuple[Head, ...], looped: np.ndarray | None = None) -> Take:
    """Return a take whose dry side is ``(3, time)``: PLAYED, PLAYED_BEFORE and HEARD_BEFORE.

    Args:
        take: of one channel.
        heads: what is added up.
        looped: ``(1, time)``, what the loop hears instead of the wet signal.
    """
    sums = [_heard_by(heads, each) for each in (take.dry, take.wet if looped is None else looped)]
    return _with_inputs(take, [take.dry, *sums], heads)


def inputs_apart(take: Take, heads: tuple[Head, ...]) -> Take:
    """Return a take whose dry side is ``(1 + 2 heads, time)``: the heads are not added up."""
    apart = [_heard_by((head,), each) for each in (take.dry, take.wet) for head in heads]
    return _with_inputs(take, [take.dry, *apart], heads)


def _with_inputs(take: Take, inputs: list[np.ndarray], heads: tuple[Head, ...]) -> Take:
    """Replace the dry side; after a cut nothing is known of the line until it has gone by."""
    latest = max((head.delay_samples for head in heads), default=0)
    heard_from = take.heard_from + latest if take.heard_from else 0
    together = np.concatenate(inputs).astype(np.float32)
    return dataclasses.replace(take, dry=together, heard_from=min(heard_from, together.shape[-1]))


def _heard_by(heads: tuple[Head, ...], signal: np.ndarray) -> np.ndarray:
    total = np.zeros_like(signal)
    for head in heads:
        late = signal[:, : max(0, signal.shape[-1] - head.delay_samples)]
        total[:, signal.shape[-1] - late.shape[-1] :] += np.float32(head.gain) * late
    return total
