# SPDX-License-Identifier: Apache-2.0
"""Inputs of an exported program: which dims are dynamic, what they are called, and what is known about them."""

import inspect
import re

from . import symbols
from .errors import ExportError


RESERVED = {"min", "max", "ceildiv", "sms"}  # words of size expressions


class Dims:
    """`names`: symbol -> dim name; `sources`: symbol -> (input position, dim, a, b) with extent = a * symbol + b; `attributes[i]`: entries of seq.dims."""

    def __init__(self, shapes, requested):
        """shapes: of the inputs; requested: {(input position, dim): name}."""
        self.names, self.sources, self.assumptions, self.attributes = {}, {}, [], []
        dynamic = [(i, d, e) for i, shape in enumerate(shapes) for d, e in enumerate(shape) if not symbols.is_static(e)]
        for i, d, extent in dynamic:
            if extent.is_Symbol:
                self._add(extent, (i, d, 1, 0), requested.get((i, d)))
        derived = {}
        for i, d, extent in dynamic:
            if extent.is_Symbol or extent in derived:
                continue
            solved = symbols.solve(extent)
            name = derived[extent] = _identifier(requested.get((i, d))) or f"D{len(self.names) + len(derived)}"
            if solved and solved[0] not in self.sources:
                symbol, a, b = solved
                self.sources[symbol] = (i, d, a, b)
                self.names[symbol] = f"(({name} - {b}) / {a})" if b else f"({name} / {a})"
                self.assumptions.append(f"({name} - {b}) % {a} == 0" if b else f"{name} % {a} == 0")
        for extent, name in derived.items():
            if all(s in self.names and self.names[s].isidentifier() for s in extent.free_symbols):
                self.assumptions.append(f"{name} == {symbols.text(extent, self.names)}")
        self._derived = derived
        for shape in shapes:
            self.attributes.append([e if symbols.is_static(e) else self.names[e] if e.is_Symbol else derived[e] for e in shape])

    def _add(self, symbol, source, name):
        if symbol in self.names:
            return
        name = _identifier(name) or f"D{len(self.names)}"
        if name in self.names.values():
            raise ExportError(f"expects one size per dim name, but got two different sizes named {name!r}")
        self.names[symbol], self.sources[symbol] = name, source

    def assume_ranges(self, constraints):
        """Bounds that torch.export derived or the user gave. The lower bounds 0, 1 and 2 are torch's own habit, not facts of the model."""
        for symbol, bounds in constraints.items():
            name = self.names.get(symbol)
            if name is None:
                continue
            if bounds.lower.is_Integer and bounds.lower > 2:
                self.assumptions.append(f"{name} >= {int(bounds.lower)}")
            if bounds.upper.is_Integer and bounds.upper < 2**31:
                self.assumptions.append(f"{name} <= {int(bounds.upper)}")

    def assume(self, condition):
        """Adds a comparison of sizes; says whether it could be expressed."""
        text = symbols.relation_text(condition, self.names)
        if text is not None and text not in self.assumptions:
            self.assumptions.append(text)
        return text is not None


def _identifier(name):
    return name if name and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) and name not in RESERVED else None


def requested_names(model, args, kwargs, dynamic_shapes, name_dims, input_names):
    """{(input position, dim): name} from torch's Dim objects and from `name_dims` = {input name: {dim: name}}."""
    names = {}
    if dynamic_shapes is not None:
        specification = _by_parameter(model, args, kwargs, dynamic_shapes)
        for position, (spec, _) in enumerate(leaves(specification, _bound(model, args, kwargs))):
            items = spec.items() if isinstance(spec, dict) else enumerate(spec) if isinstance(spec, (tuple, list)) else ()
            for dim, entry in items:
                name = getattr(entry, "__name__", entry if isinstance(entry, str) else None)
                if name and not isinstance(entry, (int, type(None))):
                    names[position, dim] = name
    for key, dims in (name_dims or {}).items():
        if key not in input_names:
            raise ExportError(f"expects name_dims to name one of the inputs {', '.join(input_names)}, but got {key!r}")
        names.update({(input_names.index(key), dim): name for dim, name in dims.items()})
    return names


def _bound(model, args, kwargs):
    bound = inspect.signature(model.forward).bind(*args, **kwargs)
    return dict(bound.arguments)


def _by_parameter(model, args, kwargs, dynamic_shapes):
    if isinstance(dynamic_shapes, dict):
        return dynamic_shapes
    return dict(zip(_bound(model, args, kwargs), dynamic_shapes))


def leaves(spec, value):
    """(dim specification, tensor) for every tensor of nested arguments, in torch's order."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(spec.get(key) if isinstance(spec, dict) else None, item)
    elif isinstance(value, (tuple, list)):
        for i, item in enumerate(value):
            yield from leaves(spec[i] if isinstance(spec, (tuple, list)) else None, item)
    elif hasattr(value, "shape"):
        yield spec, value
