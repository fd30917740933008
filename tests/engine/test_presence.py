"""The engine is there wherever tests must mean something, and can be done without."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from wetprint import engine


def test_engine_was_compiled():
    if not engine.is_present() and not os.environ.get("CI"):
        pytest.skip("no engine here: no compiler when wetprint was installed, or switched off")
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


@pytest.mark.skipif(not engine.is_present(), reason="no engine here")
def test_a_lower_level_can_be_asked_for():
    assert level_with(WETPRINT_CPU="baseline") == "baseline"
