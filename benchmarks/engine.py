"""What the engine gains: training steps per second beside PyTorch and Neural Amp Modeler.

Both sides of a row run alternately in one process, so that whatever else the machine does meets
both. A step is forward, backward and Adam, on noise. Run it alone on the machine; where that cannot
be, ``--threads 1`` and the ratio of processor time say more than the clock::

    python benchmarks/engine.py [--rounds 7] [--threads N] [ROW ...]

The row ``nam`` needs ``pip install neural-amp-modeler==0.13.0``; without it the row says so.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from wetprint import engine
from wetprint.blocks.block import Block
from wetprint.blocks.dilated import Dilated, DilatedConfig
from wetprint.blocks.recurrent import Lstm, RecurrentConfig
from wetprint.blocks.wavenet import WaveNet, WaveNetConfig

SAMPLE_RATE = 48_000
SEGMENT_SAMPLES = 8192
LEARNING_RATE = 1e-3

Step = Callable[[], object]


@dataclass(frozen=True)
class Row:
    """Two ways to take the same training step, on so many samples of audio."""

    name: str
    ours: Step
    theirs: Step
    samples: int
    target: float | None


def main() -> int:
    """Measure the rows asked for and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("rows", nargs="*", choices=[*ROWS, []])
    parser.add_argument("--rounds", type=int, default=7, help="alternating runs of each side")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    if not engine.is_present():
        print("there is no engine here to measure")
        return 1
    print(f"{engine.cpu_level()}, {torch.get_num_threads()} threads, torch {torch.__version__}\n")
    print(
        "| training step | ours, ms: median (least, most) | theirs, ms "
        "| s of audio per s: ours, theirs | ratio: medians, least, least CPU time | target |"
    )
    print("|---|---|---|---|---|---|")
    for name, make in ROWS.items():
        if not chosen.rows or name in chosen.rows:
            row = make()
            print(
                f"| {name} | {row} |" if isinstance(row, str) else measure(row, chosen.rounds),
                flush=True,
            )
    return 0


def measure(row: Row, rounds: int) -> str:
    """Run both sides in turn and return the row's line."""
    clock: dict[Step, list[float]] = {row.ours: [], row.theirs: []}
    processor: dict[Step, list[float]] = {row.ours: [], row.theirs: []}
    for number in range(rounds + 1):
        for step in clock:
            begun = time.perf_counter(), time.process_time()
            step()
            if number:  # the first round warms up
                clock[step].append(1e3 * (time.perf_counter() - begun[0]))
                processor[step].append(1e3 * (time.process_time() - begun[1]))
    ours, theirs = clock.values()
    busy = [min(each) for each in processor.values()]
    seconds = row.samples / SAMPLE_RATE
    middle, theirs_middle = statistics.median(ours), statistics.median(theirs)
    cells = [
        row.name,
        *(
            f"{statistics.median(each):.1f} ({min(each):.1f}, {max(each):.1f})"
            for each in (ours, theirs)
        ),
        f"{1e3 * seconds / middle:.1f}, {1e3 * seconds / theirs_middle:.1f}",
        f"{theirs_middle / middle:.1f}, {min(theirs) / min(ours):.1f}, {busy[1] / busy[0]:.1f}",
        "-" if row.target is None else f">= {row.target:g}",
    ]
    return "| " + " | ".join(cells) + " |"


def training_step(
    network: Callable[[Tensor], Tensor], parameters, audio: Tensor, switch: str, fused: bool
) -> Step:
    """Return a step that squares the output; ``switch`` turns the engine on or off for it."""
    optimizer = torch.optim.Adam(parameters, LEARNING_RATE, fused=fused)

    def step() -> None:
        os.environ["WETPRINT_ENGINE"] = switch
        optimizer.zero_grad()
        network(audio).square().mean().backward()
        optimizer.step()

    return step


def block_row(
    name: str,
    make: Callable[[], Block],
    batch: int,
    target: float | None,
    samples: int = SEGMENT_SAMPLES,
) -> Row:
    """Compare a block with its own twin; Adam is PyTorch's fused one on both sides."""
    sides = []
    for switch in ("on", "off"):
        torch.manual_seed(0)
        block = make()
        audio = torch.randn(batch, block.channels_in, samples + block.context_samples)
        sides.append(
            training_step(block.valid, list(block.parameters()), audio, switch, fused=True)
        )
    return Row(name, *sides, batch * samples, target)


def dilated_row(width: int, target: float | None = None) -> Row:
    """A plain network of 12 layers, dilations 1 to 243 twice."""
    name = f"12 layers, {width} channels, 8 x 8192; theirs: conv1d"
    return block_row(name, lambda: Dilated(DilatedConfig(width=width)), 8, target)


def lstm_row(width: int, batch: int, samples: int) -> Row:
    """One layer of LSTM, backward through all of it; theirs is PyTorch's own."""
    name = f"LSTM-{width}, {batch} x {samples}; theirs: PyTorch's LSTM"
    return block_row(name, lambda: Lstm(RecurrentConfig(width)), batch, None, samples)


NAM_DILATIONS = tuple(2**power for power in range(10))
NAM_BATCH = 16
NAM_HEAD_SCALE = 0.02


def nam_row() -> Row | str:
    """NAM's standard shape, with its own weights, against its own module and plain Adam."""
    if importlib.util.find_spec("nam") is None:
        return "neural-amp-modeler is not installed"
    theirs = nam_module()
    ours = with_weights_of(theirs)
    audio = 0.3 * torch.randn(NAM_BATCH, 1, SEGMENT_SAMPLES + theirs.receptive_field - 1)
    with torch.no_grad():
        expected = theirs(audio)
        error = ((ours.valid(audio) - expected).norm() / expected.norm()).item()
    return Row(
        f"NAM standard, {NAM_BATCH} x 8192 (same weights, outputs {error:.0e} apart); "
        "theirs: NAM 0.13's module",
        training_step(ours.valid, list(ours.parameters()), audio, "on", fused=True),
        training_step(theirs, list(theirs.parameters()), audio, "off", fused=False),
        NAM_BATCH * SEGMENT_SAMPLES,
        5.0,
    )


def nam_module():
    """Build NAM's standard WaveNet by its own classes."""
    from nam.models.wavenet._wavenet import WaveNet

    def head(channels: int, bias: bool) -> dict:
        return {"out_channels": channels, "kernel_size": 1, "bias": bias}

    shared = {
        "condition_size": 1,
        "kernel_size": 3,
        "dilations": list(NAM_DILATIONS),
        "activation": "Tanh",
    }
    first = {"input_size": 1, "channels": 16, "head": head(8, bias=False)}
    second = {"input_size": 16, "channels": 8, "head": head(1, bias=True)}
    torch.manual_seed(0)
    return WaveNet.init_from_config(
        {
            "layers_configs": [{**shared, **first}, {**shared, **second}],
            "head_scale": NAM_HEAD_SCALE,
        }
    )


def with_weights_of(original: nn.Module) -> WaveNet:
    """Build the same network as a block of ours, its weights copied."""
    network = WaveNet(WaveNetConfig())
    for array, theirs in zip(network.arrays, original._layer_arrays, strict=True):
        pairs = [(array.lift, theirs._rechannel), (array.head, theirs._head_rechannel)]
        for layer, other in zip(array.layers, theirs._layers, strict=True):
            pairs += [(layer.conv, other.conv), (layer.mixin, other.input_mixer)]
            pairs += [(layer.residual, other.layer1x1)]
        for mine, its in pairs:
            mine.load_state_dict(its.state_dict())
    network.head_scale.requires_grad_(False)  # the trainer does not train it
    return network


ROWS: dict[str, Callable[[], Row | str]] = {
    "nam": nam_row,
    "dilated-12": lambda: dilated_row(12, target=3.0),
    "dilated-8": lambda: dilated_row(8),
    "dilated-16": lambda: dilated_row(16),
    "dilated-24": lambda: dilated_row(24),
    "lstm-32": lambda: lstm_row(32, 64, 2048),
    "lstm-96": lambda: lstm_row(96, 16, 2048),
    "dilated-32": lambda: dilated_row(32),
}


if __name__ == "__main__":
    sys.exit(main())
