"""Playing models: whole, block by block, and from file to file."""

from wetprint.models.stream import ModelStream
from wetprint.playing.apply import apply_file
from wetprint.playing.stream import InTimeStream, play

__all__ = ["InTimeStream", "ModelStream", "apply_file", "play"]
