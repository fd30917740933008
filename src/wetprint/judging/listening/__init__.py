"""Blind listening: what a panel's answers say."""
