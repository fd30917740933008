"""``wetprint effects``: hosts and plugins found; a plugin's knobs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wetprint.cli import console

if TYPE_CHECKING:
    from wetprint.effects import Description, InstalledHost, Knob


def effects(
    spec: Annotated[
        str | None, typer.Argument(metavar="[SPEC]", help="show the knobs of this effect")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """List the hosts and the plugins found, or an effect's knobs with unit, range and default."""
    from wetprint.effects import describe, installed_effects

    if spec is None:
        hosts = installed_effects()
        if as_json:
            console.say_json({"hosts": [_host_as_json(each) for each in hosts]})
        else:
            _say_hosts(hosts)
        return
    described = describe(spec)
    if as_json:
        console.say_json({"effects": [_description_as_json(each) for each in described]})
    else:
        _say_knobs(described)


def _say_hosts(hosts: tuple[InstalledHost, ...]) -> None:
    for host in hosts:
        state = host.note if host.available else f"not usable here: {host.note}"
        console.say(f"{host.scheme}: {host.title}; {state}")
        for effect in host.effects:
            console.say(f"  {effect.spec}" + (f"  ({effect.title})" if effect.title else ""))


def _say_knobs(described: tuple[Description, ...]) -> None:
    for each in described:
        console.say(each.spec)
        inputs = "1 or 2" if each.inputs is None else str(each.inputs)
        outputs = "as many" if each.outputs is None else str(each.outputs)
        console.say(f"  channels in: {inputs}; out, for one in: {outputs}")
        width = max((len(knob.name) for knob in each.knobs), default=0)
        for knob in each.knobs:
            label = f"  {knob.label}" if knob.label != knob.name else ""
            default = f"default {_default(knob)}"
            console.say(f"  {knob.name:<{width}}  {knob.range_text()}, {default}{label}")
        if not each.knobs:
            console.say("  no knobs")


def _default(knob: Knob) -> str:
    values = knob.values()
    if knob.choices and knob.default in values:
        return f"'{knob.choices[values.index(knob.default)]}'"
    return f"{knob.default:g}"


def _host_as_json(host: InstalledHost) -> dict[str, Any]:
    return {
        "scheme": host.scheme,
        "title": host.title,
        "available": host.available,
        "note": host.note,
        "effects": [{"spec": each.spec, "title": each.title} for each in host.effects],
    }


def _description_as_json(described: Description) -> dict[str, Any]:
    return {
        "spec": described.spec,
        "channels_in": described.inputs,
        "channels_out": described.outputs,
        "knobs": [
            {
                "name": knob.name,
                "label": knob.label,
                "unit": knob.unit,
                "minimum": _finite(knob.minimum),
                "maximum": _finite(knob.maximum),
                "default": _finite(knob.default),
                "choices": None if knob.choices is None else list(knob.choices),
            }
            for knob in described.knobs
        ],
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
