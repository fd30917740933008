"""Playing models: whole, block by block, and from file to file."""

from wetprint.playing.apply import apply_file
from wetprint.playing.stream import InTimeStream, ModelStream, play

__all__ = ["InTimeStream", "ModelStream", "apply_file", "play"]
