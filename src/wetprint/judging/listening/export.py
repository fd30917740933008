"""Results for others: CSV and JSON with everything needed to reckon them anew."""

from __future__ import annotations

import csv
import io
import json

from wetprint.judging.listening.results import summarise
from wetprint.judging.listening.store import Store

COLUMNS = (
    "listener",
    "name",
    "trial",
    "training",
    "kind",
    "effect",
    "passage",
    "model",
    "labels",
    "right",
    "answer",
    "answered",
)


def rows_of(store: Store) -> list[dict[str, object]]:
    """Return every trial of every listener, answered or not, as one flat row each."""
    passages, names = store.test["passages"], store.names()
    return [
        {
            "listener": each.listener,
            "name": names.get(each.listener, ""),
            "trial": each.number + 1,
            "training": each.trial.training,
            "kind": each.trial.kind,
            "effect": passages[each.trial.passage]["effect"],
            "passage": passages[each.trial.passage]["name"],
            "model": each.trial.model,
            "labels": each.trial.labels,
            "right": each.trial.right,
            "answer": each.answer,
            "answered": each.answered,
        }
        for each in store.answered()
    ]


def as_csv(store: Store) -> str:
    """Return the rows as CSV; labels and ratings as JSON."""
    text = io.StringIO()
    writer: csv.DictWriter[str] = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in rows_of(store):
        plain = {
            key: json.dumps(value, sort_keys=True) if isinstance(value, dict) else value
            for key, value in row.items()
        }
        writer.writerow(plain)
    return text.getvalue()


def as_json(store: Store) -> str:
    """Return the test, the rows, and what they say, as JSON."""
    whole = {"test": store.test, "trials": rows_of(store), "summary": summary_of(store)}
    return json.dumps(whole, indent=2)


def summary_of(store: Store) -> dict:
    """Return what the answers say."""
    passages = store.test["passages"]

    def describe(number: int) -> tuple[str, str]:
        return passages[number]["effect"], passages[number]["name"]

    return summarise(store.answered(), describe)
