"""A model file holds everything, and loading one from a stranger is safe."""

from __future__ import annotations

import json
import math
import struct

import pytest
import torch
from safetensors.torch import save_file

from wetprint.blocks.convolution import Fir, FirConfig
from wetprint.blocks.dilated import Dilated, DilatedConfig
from wetprint.errors import ModelFileError, OutputError
from wetprint.models import Chain, Model, load_model, save_model
from wetprint.models.model_file import FORMAT_VERSION


@pytest.fixture
def model() -> Model:
    torch.manual_seed(0)
    network = Dilated(DilatedConfig(width=2, dilations=(1, 2)))
    torch.nn.init.normal_(network.mix_down.weight)
    return Model(
        chain=Chain([network, Fir(FirConfig(60, 1, 2))]),
        sample_rate=44_100,
        learned_from={"effect": "builtin:Distortion"},
        verdict={"esr": 0.01, "repeatability_esr": math.inf},
        settings={"seed": 3, "dilations": (1, 2)},
    )


@pytest.fixture
def path(model, tmp_path):
    save_model(model, tmp_path / "a.wetprint")
    return tmp_path / "a.wetprint"


def header_of(path) -> dict:
    raw = path.read_bytes()
    (length,) = struct.unpack("<Q", raw[:8])
    return json.loads(json.loads(raw[8 : 8 + length])["__metadata__"]["wetprint"])


def rewrite(path, change) -> None:
    """Write the same weights under a changed header."""
    header = header_of(path)
    change(header)
    weights = {name: each.clone() for name, each in load_model(path).chain.state_dict().items()}
    save_file(weights, path, metadata={"wetprint": json.dumps(header)})


def test_loads_what_was_saved(model, path):
    again = load_model(path)
    audio = torch.randn(1, 1, 500)
    assert torch.equal(again.chain(audio), model.chain(audio))
    assert again.sample_rate == 44_100
    assert again.learned_from == model.learned_from
    assert again.verdict == {"esr": 0.01, "repeatability_esr": None}  # JSON knows no infinity
    assert again.settings == {"seed": 3, "dilations": [1, 2]}
    assert not any(each.requires_grad for each in again.chain.parameters())


def test_same_model_gives_the_same_file(model, path, tmp_path):
    save_model(model, tmp_path / "b.wetprint")
    assert (tmp_path / "b.wetprint").read_bytes() == path.read_bytes()


def test_every_truncation_is_refused(path):
    whole = path.read_bytes()
    for length in [0, 1, 7, 8, 9, 100, len(whole) // 2, len(whole) - 1]:
        path.write_bytes(whole[:length])
        with pytest.raises(ModelFileError, match=str(path)):
            load_model(path)


def test_newer_version_is_refused_with_what_to_do(path):
    rewrite(path, lambda header: header.update(format_version=FORMAT_VERSION + 1))
    with pytest.raises(ModelFileError, match="update wetprint"):
        load_model(path)


def test_absent_file_is_named(tmp_path):
    with pytest.raises(ModelFileError, match="there is no file"):
        load_model(tmp_path / "none.wetprint")


def test_other_safetensors_are_refused(tmp_path):
    save_file({"a": torch.zeros(1)}, tmp_path / "a.wetprint")
    with pytest.raises(ModelFileError, match="not a wetprint model"):
        load_model(tmp_path / "a.wetprint")


HOSTILE = {
    "no version": lambda header: header.pop("format_version"),
    "version is text": lambda header: header.update(format_version="1"),
    "rate of zero": lambda header: header.update(sample_rate=0),
    "rate is text": lambda header: header.update(sample_rate="48000"),
    "no chain": lambda header: header.update(chain=[]),
    "endless chain": lambda header: header.update(chain=header["chain"] * 500),
    "chain of text": lambda header: header.update(chain=["fir", "fir"]),
    "unknown block": lambda header: header["chain"][0].update(block="os.system"),
    "wide block": lambda header: header["chain"][0]["config"].update(width=10**9),
    "wider block": lambda header: header["chain"][0]["config"].update(width=1000),
    "long filter": lambda header: header["chain"][1]["config"].update(taps=10**15),
    "longer filter": lambda header: header["chain"][1]["config"].update(taps=10**7),
    "negative filter": lambda header: header["chain"][1]["config"].update(taps=-1),
    "far dilations": lambda header: header["chain"][0]["config"].update(dilations=[10**18]),
    "nested dilations": lambda header: header["chain"][0]["config"].update(dilations=[[1], [2]]),
    "latency it has not": lambda header: header.update(latency_samples=99),
    "channels it has not": lambda header: header.update(channels_out=1),
    "verdict is a list": lambda header: header.update(verdict=[]),
    "learned from nothing": lambda header: header.pop("learned_from"),
}


@pytest.mark.parametrize("change", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_headers_are_refused(path, change):
    rewrite(path, change)
    with pytest.raises(ModelFileError):
        load_model(path)


@pytest.mark.parametrize("text", ["", "[]", "null", "{", "[" * 100_000])
def test_headers_that_are_no_object_are_refused(path, text):
    save_file({"a": torch.zeros(1)}, path, metadata={"wetprint": text})
    with pytest.raises(ModelFileError):
        load_model(path)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_weights_that_are_not_numbers_are_refused(model, tmp_path, value):
    model.chain[1].response.data[0, 0, 3] = value
    save_model(model, tmp_path / "a.wetprint")
    with pytest.raises(ModelFileError, match="not numbers"):
        load_model(tmp_path / "a.wetprint")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda weights: weights.pop("blocks.1.response"), "lacks weight"),
        (lambda weights: weights.update(more=torch.zeros(1)), "has a stray weight"),
        (lambda weights: weights.update({"blocks.1.response": torch.zeros(1, 1, 2)}), "of shape"),
        (
            lambda weights: weights.update({"blocks.1.response": torch.zeros(2, 1, 60).double()}),
            "float32",
        ),
    ],
)
def test_weights_that_do_not_fit_are_named(model, path, change, complaint):
    weights = {name: each.clone() for name, each in model.chain.state_dict().items()}
    change(weights)
    save_file(weights, path, metadata={"wetprint": json.dumps(header_of(path))})
    with pytest.raises(ModelFileError, match=complaint):
        load_model(path)


def test_failed_save_leaves_nothing(model, tmp_path):
    with pytest.raises(OutputError, match="no folder"):
        save_model(model, tmp_path / "none" / "a.wetprint")
    with pytest.raises(OutputError, match="is a folder"):
        save_model(model, tmp_path)
    assert list(tmp_path.iterdir()) == []
