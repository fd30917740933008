"""``wetprint info``: what a model file holds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from wetprint.cli import console


def info(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="a .wetprint file")],
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Tell what a model is made of, what it was learned from, and how close it came."""
    from wetprint.models import load_model
    from wetprint.models.registry import block_to_dict

    loaded = load_model(model)
    described: dict[str, Any] = {
        "sample_rate": loaded.sample_rate,
        "channels_in": loaded.channels_in,
        "channels_out": loaded.channels_out,
        "latency_samples": loaded.latency_samples,
        "lookahead_samples": loaded.lookahead_samples,
        "parameters": loaded.parameter_count,
        "played_by": loaded.stream().played_by,
        "chain": [block_to_dict(block) for block in loaded.chain],
        "learned_from": loaded.learned_from,
        "verdict": loaded.verdict,
        "settings": loaded.settings,
    }
    if as_json:
        console.say_json(described)
        return
    chain = described.pop("chain")
    for number, block in enumerate(chain, 1):
        console.say(f"block {number}: {block['block']} {_plain(block['config'])}")
    for name, value in described.items():
        console.say(f"{name}: {_plain(value)}")


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_plain(each)}" for name, each in value.items())
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_plain(each) for each in value) + "]"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
