"""The ``.wetprint`` file: a safetensors file whose header says how to build the chain.

It holds numbers and JSON, no code; nothing in it is executed. Loading trusts nothing: the chain is
first built without memory behind it, names, shapes and types of its weights are compared with the
file's, and only then are they read.
"""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from wetprint.errors import ModelFileError
from wetprint.models.chain import Chain
from wetprint.models.model import Model
from wetprint.models.registry import MOST_BLOCKS, block_to_dict, chain_from_list
from wetprint.outputs import replacing

FORMAT_VERSION = 1
HEADER_KEY = "wetprint"
SAMPLE_RATES_HZ = (4_000, 768_000)


def save_model(model: Model, path: str | os.PathLike[str]) -> None:
    """Write a model, whole or not at all.

    Raises:
        OutputError: the file cannot be written.
    """
    weights, metadata = _contents(model)
    with replacing(path) as scratch:  # written by us: its own writer hides the file from others
        scratch.write_bytes(save(weights, metadata))


def model_to_bytes(model: Model) -> bytes:
    """Return what save_model would write."""
    weights, metadata = _contents(model)
    return save(weights, metadata)


def load_model(path: str | os.PathLike[str]) -> Model:
    """Read a model; safe for files from strangers.

    Raises:
        ModelFileError: no such file, damaged, of a newer version, or not what it claims to be.
    """
    file = Path(path)
    if not file.is_file():
        raise ModelFileError(f"expected a model file, but there is no file {file}")
    try:
        with safe_open(file, framework="pt") as opened:
            header = _read_header(file, opened.metadata())
            chain = _build(file, header)
            _compare(file, chain, opened)
            weights = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise ModelFileError(
            f"{file} is not a whole .wetprint model ({error}); copy or learn it again"
        ) from error
    for name, weight in weights.items():
        if not torch.isfinite(weight).all():
            raise ModelFileError(f"{file} holds weights that are not numbers, in '{name}'")
    chain.load_state_dict(weights, strict=True, assign=True)
    chain.requires_grad_(False)
    known = {key: header[key] for key in ("learned_from", "verdict", "settings")}
    return Model(chain=chain, sample_rate=header["sample_rate"], **known)


def _contents(model: Model) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """Return a file's weights and its metadata."""
    header = {
        "format_version": FORMAT_VERSION,
        "chain": [block_to_dict(block) for block in model.chain],
        "sample_rate": model.sample_rate,
        "channels_in": model.channels_in,
        "channels_out": model.channels_out,
        "latency_samples": model.latency_samples,
        "learned_from": model.learned_from,
        "verdict": model.verdict,
        "settings": model.settings,
    }
    text = json.dumps(_finite(header), allow_nan=False)
    weights = {name: each.detach().cpu().contiguous() for name, each in _weights(model.chain)}
    return weights, {HEADER_KEY: text}


def _weights(chain: Chain) -> list[tuple[str, torch.Tensor]]:
    return list(chain.state_dict().items())


def _read_header(file: Path, metadata: dict[str, str] | None) -> dict[str, Any]:
    """Return the header after checking its form, its version and the values outside the chain."""
    if not metadata or HEADER_KEY not in metadata:
        raise ModelFileError(f"{file} is a safetensors file, but not a wetprint model")
    try:
        header = json.loads(metadata[HEADER_KEY])
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"the header of {file} is damaged: {error!s:.200}") from error
    version = header.get("format_version") if isinstance(header, dict) else None
    if not isinstance(version, int) or version < 1:
        raise ModelFileError(f"the header of {file} is damaged: it names no format version")
    if version > FORMAT_VERSION:
        raise ModelFileError(
            f"{file} is of format version {version}, this wetprint reads up to {FORMAT_VERSION}; "
            "update wetprint"
        )
    _check_header_values(file, header)
    return header


def _check_header_values(file: Path, header: dict[str, Any]) -> None:
    rate = header.get("sample_rate")
    low, high = SAMPLE_RATES_HZ
    if not isinstance(rate, int) or isinstance(rate, bool) or not low <= rate <= high:
        raise ModelFileError(f"the header of {file} is damaged: sample rate {rate!r:.50}")
    for key in ("learned_from", "verdict", "settings"):
        if not isinstance(header.get(key), dict):
            raise ModelFileError(f"the header of {file} is damaged: '{key}' is not an object")
    chain = header.get("chain")
    if not isinstance(chain, list) or not 1 <= len(chain) <= MOST_BLOCKS:
        raise ModelFileError(f"the header of {file} is damaged: it describes no chain")


def _build(file: Path, header: dict[str, Any]) -> Chain:
    """Build the chain on the meta device, which has shapes but no memory."""
    try:
        with torch.device("meta"):
            chain = chain_from_list(header["chain"])
    except (ValueError, RuntimeError) as error:
        raise ModelFileError(f"the chain in {file} cannot be built: {error}") from error
    for key in ("channels_in", "channels_out", "latency_samples"):
        if header.get(key) != getattr(chain, key):
            raise ModelFileError(
                f"the header of {file} is damaged: {key} is {header.get(key)!r:.50}, but its chain "
                f"has {getattr(chain, key)}"
            )
    return chain


def _compare(file: Path, chain: Chain, opened) -> None:
    """Compare names, shapes and types of the weights with what the chain needs."""
    expected = {name: tuple(each.shape) for name, each in _weights(chain)}
    found = {name: opened.get_slice(name) for name in opened.keys()}  # noqa: SIM118
    for name in sorted(expected.keys() ^ found.keys()):
        where = "lacks" if name in expected else "has a stray"
        raise ModelFileError(f"{file} {where} weight '{name:.100}'; it is not a whole model")
    for name, shape in expected.items():
        came = tuple(found[name].get_shape())
        if came != shape or found[name].get_dtype() != "F32":
            raise ModelFileError(
                f"weight '{name}' in {file} must be float32 of shape {shape}, "
                f"got {found[name].get_dtype()} of shape {came}"
            )


def _finite(value: Any) -> Any:
    """Replace numbers that JSON does not know (NaN, infinities) by null, all the way down."""
    if isinstance(value, dict):
        return {str(key): _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
