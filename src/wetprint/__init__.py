"""wetprint learns any musical effect."""

__version__ = "0.1.0"
