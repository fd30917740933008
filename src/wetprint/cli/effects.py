"""``wetprint effects``: hosts and plugins found; a plugin's knobs."""

from __future__ import annotations

from typing import Annotated

import typer

from wetprint.cli import console


def effects(
    spec: Annotated[
        str | None, typer.Argument(metavar="[SPEC]", help="show the knobs of this effect")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """List the hosts and the plugins found, or an effect's knobs with unit, range and default."""
