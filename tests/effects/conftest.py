"""What the tests of effects share: plugins that may be absent, and plugins that misbehave."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from wetprint.effects import Effect, installed_effects, open_effect

SAMPLE_RATE = 48000


def missing(what: str) -> None:
    """Skip with the reason; in CI, where everything is installed, fail instead."""
    if os.environ.get("CI") == "true" or os.environ.get("WETPRINT_REQUIRE_PLUGINS") == "1":
        pytest.fail(f"{what} is missing, and here it must not be")
    pytest.skip(f"{what} is not installed")


@functools.cache
def installed_specs() -> frozenset[str]:
    usable = (host for host in installed_effects() if host.available)
    return frozenset(effect.spec for host in usable for effect in host.effects)


@pytest.fixture
def plugin() -> Callable[[str], Effect]:
    """Open an installed plugin, or skip."""

    def open_installed(spec: str) -> Effect:
        if not any(
            spec == each or spec.startswith((each + "?", each + ":")) for each in installed_specs()
        ):
            missing(spec)
        return open_effect(spec)

    return open_installed


@pytest.fixture(scope="session")
def misbehaving(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """Compile the misbehaving plugins; give the spec of one by its label."""
    if shutil.which("gcc") is None:
        missing("gcc")
    library = tmp_path_factory.mktemp("ladspa") / "misbehaving.so"
    source = Path(__file__).with_name("misbehaving.c")
    subprocess.run(
        ["gcc", "-shared", "-fPIC", "-O1", "-o", str(library), str(source), "-lm"], check=True
    )
    return lambda label: f"ladspa:{library}:{label}"


@pytest.fixture
def sound() -> np.ndarray:
    """A quarter of a second of noise at -12 dBFS or so, (1, time)."""
    noise = np.random.default_rng(7).uniform(-0.25, 0.25, (1, SAMPLE_RATE // 4))
    return noise.astype(np.float32)
