"""Models: chains of registered blocks, and the file they are kept in."""

from __future__ import annotations
