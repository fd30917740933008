"""liblilv through ctypes: what is installed, and what LV2 plugins say of themselves.

Only their descriptions (Turtle files) are read here; no plugin code runs until
`wetprint.effects.lv2` starts one. liblilv is David Robillard's, ISC licence.
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Iterator
from ctypes import c_bool, c_char_p, c_float, c_int, c_uint32, c_void_p
from typing import Any

from wetprint.errors import EffectError

LV2_CORE = "http://lv2plug.in/ns/lv2core#"
UNITS = "http://lv2plug.in/ns/extensions/units#"
RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"

_NAMES = ("liblilv-0.so.0", "liblilv-0.dylib", "lilv-0.dll", "liblilv-0.so")
_FUNCTIONS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "lilv_world_new": (c_void_p, ()),
    "lilv_world_load_all": (None, (c_void_p,)),
    "lilv_world_get_all_plugins": (c_void_p, (c_void_p,)),
    "lilv_world_get": (c_void_p, (c_void_p, c_void_p, c_void_p, c_void_p)),
    "lilv_world_find_nodes": (c_void_p, (c_void_p, c_void_p, c_void_p, c_void_p)),
    "lilv_new_uri": (c_void_p, (c_void_p, c_char_p)),
    "lilv_plugins_begin": (c_void_p, (c_void_p,)),
    "lilv_plugins_next": (c_void_p, (c_void_p, c_void_p)),
    "lilv_plugins_is_end": (c_bool, (c_void_p, c_void_p)),
    "lilv_plugins_get": (c_void_p, (c_void_p, c_void_p)),
    "lilv_plugins_get_by_uri": (c_void_p, (c_void_p, c_void_p)),
    "lilv_plugin_get_uri": (c_void_p, (c_void_p,)),
    "lilv_plugin_get_name": (c_void_p, (c_void_p,)),
    "lilv_plugin_get_library_uri": (c_void_p, (c_void_p,)),
    "lilv_plugin_get_num_ports": (c_uint32, (c_void_p,)),
    "lilv_plugin_get_port_by_index": (c_void_p, (c_void_p, c_uint32)),
    "lilv_plugin_get_required_features": (c_void_p, (c_void_p,)),
    "lilv_plugin_has_feature": (c_bool, (c_void_p, c_void_p)),
    "lilv_plugin_instantiate": (c_void_p, (c_void_p, ctypes.c_double, c_void_p)),
    "lilv_port_get_symbol": (c_void_p, (c_void_p, c_void_p)),
    "lilv_port_get_name": (c_void_p, (c_void_p, c_void_p)),
    "lilv_port_is_a": (c_bool, (c_void_p, c_void_p, c_void_p)),
    "lilv_port_has_property": (c_bool, (c_void_p, c_void_p, c_void_p)),
    "lilv_port_get": (c_void_p, (c_void_p, c_void_p, c_void_p)),
    "lilv_port_get_range": (None, (c_void_p, c_void_p, c_void_p, c_void_p, c_void_p)),
    "lilv_port_get_scale_points": (c_void_p, (c_void_p, c_void_p)),
    "lilv_scale_points_begin": (c_void_p, (c_void_p,)),
    "lilv_scale_points_next": (c_void_p, (c_void_p, c_void_p)),
    "lilv_scale_points_is_end": (c_bool, (c_void_p, c_void_p)),
    "lilv_scale_points_get": (c_void_p, (c_void_p, c_void_p)),
    "lilv_scale_point_get_label": (c_void_p, (c_void_p,)),
    "lilv_scale_point_get_value": (c_void_p, (c_void_p,)),
    "lilv_nodes_begin": (c_void_p, (c_void_p,)),
    "lilv_nodes_next": (c_void_p, (c_void_p, c_void_p)),
    "lilv_nodes_is_end": (c_bool, (c_void_p, c_void_p)),
    "lilv_nodes_get": (c_void_p, (c_void_p, c_void_p)),
    "lilv_node_as_string": (c_char_p, (c_void_p,)),
    "lilv_node_as_float": (c_float, (c_void_p,)),
    "lilv_node_is_float": (c_bool, (c_void_p,)),
    "lilv_node_is_int": (c_bool, (c_void_p,)),
    "lilv_file_uri_parse": (c_void_p, (c_char_p, c_void_p)),
    "lilv_state_new_from_world": (c_void_p, (c_void_p, c_void_p, c_void_p)),
    "lilv_state_restore": (None, (c_void_p, c_void_p, c_void_p, c_void_p, c_uint32, c_void_p)),
    "lilv_state_get_num_properties": (c_int, (c_void_p,)),
}


@functools.cache
def library() -> Any:
    """Load liblilv and tell ctypes the signatures used.

    Raises:
        EffectError: it is not installed.
    """
    for name in _NAMES:
        try:
            lilv: Any = ctypes.CDLL(name)
            break
        except OSError:
            continue
    else:
        raise EffectError(
            "LV2 plugins need liblilv, which was not found; install it "
            "(Debian: apt install liblilv-0-0, macOS: brew install lilv)"
        )
    for name, (result, arguments) in _FUNCTIONS.items():
        function = getattr(lilv, name)
        function.restype, function.argtypes = result, arguments
    return lilv


class World:
    """All LV2 bundles on the machine (LV2_PATH, or the usual folders)."""

    def __init__(self) -> None:
        self.lilv = library()
        self.pointer = self.lilv.lilv_world_new()
        self.lilv.lilv_world_load_all(self.pointer)
        self._plugins = self.lilv.lilv_world_get_all_plugins(self.pointer)
        self._nodes: dict[str, int] = {}

    def node(self, uri: str) -> int:
        """Give lilv's node of a URI."""
        if uri not in self._nodes:
            self._nodes[uri] = self.lilv.lilv_new_uri(self.pointer, uri.encode())
        return self._nodes[uri]

    def text(self, node: int | None) -> str:
        """Give a node's text, empty for none."""
        raw = self.lilv.lilv_node_as_string(node) if node else None
        return raw.decode("utf-8", errors="replace") if raw else ""

    def plugin(self, uri: str) -> int | None:
        """Find a plugin."""
        return self.lilv.lilv_plugins_get_by_uri(self._plugins, self.node(uri))

    def plugins(self) -> Iterator[int]:
        """Go through all plugins."""
        return self._each("plugins", self._plugins)

    def nodes(self, collection: int | None) -> Iterator[int]:
        """Go through a collection of nodes."""
        return self._each("nodes", collection)

    def scale_points(self, plugin: int, port: int) -> list[tuple[str, float]]:
        """List the named values of a port, in rising order."""
        found = []
        collection = self.lilv.lilv_port_get_scale_points(plugin, port)
        for point in self._each("scale_points", collection):
            value = self.lilv.lilv_scale_point_get_value(point)
            label = self.text(self.lilv.lilv_scale_point_get_label(point))
            if self.lilv.lilv_node_is_float(value) or self.lilv.lilv_node_is_int(value):
                found.append((label, float(self.lilv.lilv_node_as_float(value))))
        return sorted(found, key=lambda pair: pair[1])

    def value(self, subject: int, predicate: str) -> int | None:
        """Give one object of a statement about a node."""
        return self.lilv.lilv_world_get(self.pointer, subject, self.node(predicate), None)

    def _each(self, kind: str, collection: int | None) -> Iterator[int]:
        if not collection:
            return
        step = {
            verb: getattr(self.lilv, f"lilv_{kind}_{verb}")
            for verb in ("begin", "next", "is_end", "get")
        }
        place = step["begin"](collection)
        while not step["is_end"](collection, place):
            yield step["get"](collection, place)
            place = step["next"](collection, place)


def installed_plugins() -> list[tuple[str, str]]:
    """List all LV2 plugins as (URI, name), sorted by name.

    Raises:
        EffectError: liblilv is not installed.
    """
    world = World()
    lilv = world.lilv
    pairs = [
        (world.text(lilv.lilv_plugin_get_uri(p)), world.text(lilv.lilv_plugin_get_name(p)))
        for p in world.plugins()
    ]
    return sorted(pairs, key=lambda pair: pair[1].casefold())
