"""Differentiable pieces, one file each, one contract (see ``block.py``)."""
