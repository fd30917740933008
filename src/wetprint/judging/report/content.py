"""What a report is made of: a learned effect, and the passages it was judged on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from wetprint.identify.findings import Identification
from wetprint.judging.contexts import Evaluation

if TYPE_CHECKING:
    from wetprint.models.flow import FlowStep


@dataclass(frozen=True)
class Passage:
    """One passage that was judged.

    Attributes:
        name: what it is, such as the name of its file.
        dry: what went in, shape (channel or 1, time).
        model: what the model plays, shape (channel, time).
        wet: what the effect plays, same shape.
        evaluation: what ``contexts.evaluate`` said of them; its sample rate is theirs.
        repeat: the effect a second time, same shape as wet; drawn when given.
    """

    name: str
    dry: np.ndarray
    model: np.ndarray
    wet: np.ndarray
    evaluation: Evaluation
    repeat: np.ndarray | None = None


@dataclass(frozen=True)
class ReportContent:
    """Everything a report says.

    Attributes:
        title: what was learned.
        passages: at least one.
        subtitle: lines under the title, such as where it came from and how long it took.
        chain: the model's blocks from input to output.
        identification: what was found out about the effect.
        candidates: the race: (name, error, seconds of learning, whether it was kept).
        history: (seconds since the start, error) over the course of learning.
        notes: sentences that whoever reads the figures ought to know.
        settings: what it was made with; may be nested.
    """

    title: str
    passages: tuple[Passage, ...]
    subtitle: tuple[str, ...] = ()
    chain: tuple[FlowStep, ...] = ()
    identification: Identification | None = None
    candidates: tuple[tuple[str, float, float, bool], ...] = ()
    history: tuple[tuple[float, float], ...] = ()
    notes: tuple[str, ...] = ()
    settings: Mapping[str, object] = field(default_factory=dict)
