"""What the compiled module offers; see engine/bindings/."""

import numpy as np
from torch import Tensor

def cpu_level() -> str: ...
def has_level(level: str) -> bool: ...

class Saved: ...

class Stack:
    @property
    def context_samples(self) -> int: ...
    @property
    def weight_count(self) -> int: ...
    def forward(
        self,
        weights: Tensor,
        audio: Tensor,
        condition: Tensor | None,
        head_input: Tensor | None,
        wet: Tensor,
        last_hidden: Tensor | None,
        keep: bool,
        threads: int,
        level: str = "",
    ) -> Saved | None: ...
    def backward(
        self,
        saved: Saved,
        weights: Tensor,
        wet: Tensor | None,
        last_hidden: Tensor | None,
        weight_gradient: Tensor,
        audio: Tensor | None,
        condition: Tensor | None,
        head_input: Tensor | None,
        threads: int,
        level: str = "",
    ) -> None: ...

def make_stack(
    inputs: int,
    conditions: int,
    width: int,
    outputs: int,
    kernel_size: int,
    dilations: list[int],
    activation: int,
    accumulate: bool,
    last_hidden: bool,
) -> Stack: ...
def block_kinds() -> list[str]: ...

class ModelError(ValueError): ...

class Player:
    def __init__(self, model: bytes) -> None: ...
    @property
    def sample_rate(self) -> int: ...
    @property
    def channels_in(self) -> int: ...
    @property
    def channels_out(self) -> int: ...
    @property
    def latency_samples(self) -> int: ...
    @property
    def lookahead_samples(self) -> int: ...
    def reset(self, start_sample: int = 0) -> None: ...
    def process(self, audio: np.ndarray) -> np.ndarray: ...

def all_pole(x: Tensor, feedback: Tensor, past: Tensor, y: Tensor, threads: int) -> None: ...
def all_pole_backward(
    y: Tensor,
    feedback: Tensor,
    past: Tensor,
    to_y: Tensor,
    to_x: Tensor,
    to_feedback: Tensor,
    to_past: Tensor,
    threads: int,
) -> None: ...
def follow_envelope(
    x: Tensor, attack: Tensor, release: Tensor, past: Tensor, y: Tensor, threads: int
) -> None: ...
def follow_envelope_backward(*tensors_then_threads: Tensor | int) -> None: ...
def count_octaves(
    x: Tensor, settings: Tensor, state: Tensor, counts: Tensor, excess: Tensor
) -> None: ...
def read_delay_line(
    interpolation: int, line: Tensor, delay: Tensor, lead: int, out: Tensor, threads: int
) -> None: ...
def read_delay_line_backward(
    interpolation: int,
    line: Tensor,
    delay: Tensor,
    lead: int,
    to_out: Tensor,
    to_line: Tensor | None,
    to_delay: Tensor | None,
    threads: int,
) -> None: ...
def recirculate(
    interpolation: int, source: Tensor, delay: Tensor, feedback: Tensor, out: Tensor, threads: int
) -> None: ...
def recirculate_backward(
    interpolation: int,
    delay: Tensor,
    feedback: Tensor,
    out: Tensor,
    to_out: Tensor,
    to_source: Tensor,
    to_delay: Tensor,
    to_feedback: Tensor,
    threads: int,
) -> None: ...

class SavedCells: ...

def run_cells(
    kind: int,
    matrix: Tensor,
    bias: Tensor,
    audio: Tensor,
    first_hidden: Tensor | None,
    first_cell: Tensor | None,
    hidden: Tensor,
    last_cell: Tensor | None,
    keep: bool,
    threads: int,
    level: str = "",
) -> SavedCells | None: ...
def run_cells_backward(
    saved: SavedCells,
    matrix: Tensor,
    hidden: Tensor | None,
    last_cell: Tensor | None,
    to_matrix: Tensor,
    to_bias: Tensor,
    to_audio: Tensor | None,
    to_hidden: Tensor | None,
    to_cell: Tensor | None,
    threads: int,
    level: str = "",
) -> None: ...
def play_allpass(*tensors_then_threads: Tensor | int) -> None: ...
def play_allpass_backward(*tensors_then_threads: Tensor | int) -> None: ...
def play_state_variable(*tensors_then_threads: Tensor | int) -> None: ...
def play_state_variable_backward(*tensors_then_threads: Tensor | int) -> None: ...
def feedback_gain(*tensors_and_switches: Tensor | bool) -> None: ...
def feedback_gain_backward(*tensors_and_switches: Tensor | bool) -> None: ...
def allpass_tangents(*tensors: Tensor) -> None: ...
