"""Models: chains of registered blocks, and the file they are kept in."""

from wetprint.models.chain import Chain
from wetprint.models.model import Model
from wetprint.models.model_file import load_model, save_model

__all__ = ["Chain", "Model", "load_model", "save_model"]
