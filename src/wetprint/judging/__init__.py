"""Judging: metrics, verdicts in context, pictures and the report."""
