"""Tests of the engine are skipped where it could not be compiled; in CI they fail there."""

from __future__ import annotations

import os

import pytest

from wetprint import engine

needs_engine = pytest.mark.skipif(
    not engine.is_present() and not os.environ.get("CI"), reason="no engine here"
)
