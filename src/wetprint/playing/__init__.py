"""Playing models: whole, block by block, and from file to file."""

from wetprint.playing.apply import apply_file
from wetprint.playing.stream import ModelStream, play

__all__ = ["ModelStream", "apply_file", "play"]
