"""The engine is there wherever tests must mean something, and can be done without."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.engine.present import needs_engine
from wetprint import engine


@needs_engine
def test_engine_was_compiled():
    assert engine.cpu_level() in ("baseline", "avx2", "avx512")


def level_with(**environment: str) -> str:
    code = "from wetprint import engine; print(engine.cpu_level())"
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout.strip()


def test_can_be_switched_off():
    assert level_with(WETPRINT_ENGINE="off") == "None"


@needs_engine
def test_a_lower_level_can_be_asked_for():
    assert level_with(WETPRINT_CPU="baseline") == "baseline"
