"""The door to the compiled engine: whether it is there, and what it does for blocks.

Whatever the engine does, plain PyTorch does too: its twin, which is the reference, which runs on
GPUs, and which works where nothing could be compiled.
"""

from __future__ import annotations

from wetprint.engine.presence import cpu_level, has_level, is_present

__all__ = ["cpu_level", "has_level", "is_present"]
