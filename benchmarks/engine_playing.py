"""Playing with the engine, in blocks, on one core: how fast, how evenly, and beside others.

Each row is played in turns with the program it is compared with, in one run, and timed by the
processor time of its own thread, which a busy machine disturbs least::

    python benchmarks/engine_playing.py [--seconds 10] [--rounds 5] [--rival ROW=COMMAND ...]

A rival is a program built outside the project that plays the same shape in blocks of 64 samples at
48 kHz for as many seconds as its last argument says, and prints first how many times faster than
real time that was; such as one around NeuralAmpModelerCore for the row ``wavenet``, or around
RTNeural for ``lstm``. A row without a rival says so.
"""

from __future__ import annotations

import argparse
import shlex
import statistics
import subprocess
import time
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import nn

from wetprint.blocks.block import Block
from wetprint.blocks.convolution import Fir, FirConfig
from wetprint.blocks.dilated import Dilated, DilatedConfig
from wetprint.blocks.recurrent import Lstm, RecurrentConfig
from wetprint.blocks.wavenet import WaveNet, WaveNetConfig
from wetprint.engine import cpu_level
from wetprint.engine.player import Player
from wetprint.models import Chain, Model
from wetprint.models.model_file import model_to_bytes

RATE = 48_000
BLOCK_SAMPLES = 64
SHARES = (50.0, 99.0, 99.9, 99.99, 100.0)


@dataclass
class Row:
    """One model, how fast it was in each round, and its rival's speed in the same rounds."""

    name: str
    model: bytes
    speeds: list[float] = field(default_factory=list)
    rivals: list[float] = field(default_factory=list)
    block_us: list[np.ndarray] = field(default_factory=list)


def of_block(block: Block) -> bytes:
    """Return a model of one block whose weights are drawn at random."""
    for parameter in block.parameters():
        nn.init.normal_(parameter, std=0.1)
    return model_to_bytes(Model(Chain([block]).requires_grad_(False), RATE))


def rows() -> list[Row]:
    """Return what is played."""
    torch.manual_seed(0)
    return [
        Row("wavenet", of_block(WaveNet(WaveNetConfig()))),
        Row("dilated", of_block(Dilated(DilatedConfig()))),
        Row("lstm", of_block(Lstm(RecurrentConfig(40)))),
        Row("fir 1024", of_block(Fir(FirConfig(1024)))),
        Row("fir 2^18", of_block(Fir(FirConfig(1 << 18)))),
    ]


def play(row: Row, seconds: float) -> None:
    """Time every block of a stretch of noise."""
    player = Player(row.model)
    noise = (0.2 * np.random.default_rng(1).standard_normal((1, RATE))).astype(np.float32)
    blocks = np.split(noise, RATE // BLOCK_SAMPLES, axis=1)
    times = np.empty(int(seconds * RATE / BLOCK_SAMPLES))
    for index in range(len(times)):
        block = blocks[index % len(blocks)]
        begin = time.thread_time_ns()
        player.process(block)
        times[index] = 1e-3 * (time.thread_time_ns() - begin)
    row.block_us.append(times)
    row.speeds.append(1e6 * len(times) * BLOCK_SAMPLES / RATE / times.sum())


def ask(rival: str, seconds: float) -> float:
    """Return how many times faster than real time a rival says it played."""
    command = [*shlex.split(rival), str(seconds)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(ran.stdout.split()[0])


def spread(values: list[float]) -> str:
    """Return the median and the range."""
    return f"{statistics.median(values):.1f} ({min(values):.1f}-{max(values):.1f})"


def tell(row: Row, rival: str | None) -> None:
    """Print a row of the table."""
    ratios = [ours / theirs for ours, theirs in zip(row.speeds, row.rivals, strict=False)]
    beside = f"{spread(row.rivals)} | {spread(ratios)}" if rival else "no rival given |"
    times = np.concatenate(row.block_us)
    shares = " ".join(f"{np.percentile(times, share) / times.mean():.1f}" for share in SHARES)
    # a block that is dear for its own sake is dear in every round, at the same place
    own = np.stack(row.block_us).min(0)
    print(
        f"| {row.name} | {spread(row.speeds)} | {beside} | {times.mean():.1f} | {shares} "
        f"| {own.max() / own.mean():.1f} |"
    )


def main() -> None:
    """Play everything in turns, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--seconds", type=float, default=10.0, help="of audio a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rival", action="append", default=[], metavar="ROW=COMMAND")
    parser.add_argument("--only", nargs="*", help="rows to play")
    asked = parser.parse_args()
    rivals = dict(each.split("=", 1) for each in asked.rival)
    played = [row for row in rows() if not asked.only or row.name in asked.only]
    for _ in range(asked.rounds):
        for row in played:
            play(row, asked.seconds)
            if row.name in rivals:
                row.rivals.append(ask(rivals[row.name], asked.seconds))
    print(f"engine level {cpu_level()}, {RATE} Hz, blocks of {BLOCK_SAMPLES}, one core;")
    print("times real time: median (range) over rounds; block times over the mean at the")
    print(
        f"percentiles {SHARES}; worst block: the least of all rounds at its place, over the mean\n"
    )
    print("| row | engine, x real time | rival | ratio | mean block, us | percentiles | worst |")
    print("|---|---|---|---|---|---|---|")
    for row in played:
        tell(row, rivals.get(row.name))


if __name__ == "__main__":
    main()
