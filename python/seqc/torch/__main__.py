# SPDX-License-Identifier: Apache-2.0
"""python3 -m seqc.torch export --module pkg.mod:factory [--input name:f32[B,64]]... -o model.mlir; python3 -m seqc.torch ops"""

import argparse
import importlib
import re
import sys

from .errors import ExportError, UnsupportedError

EPILOG = """\
The factory is called without arguments. It returns a module, and --input tells the example inputs:
    --input "pixels:f32[B,64]" --input "ids:i64[B,L]" --dim L=1..4096
(names are dynamic dims, numbers static ones); or it returns a dict of keyword arguments of seqc.torch.export
(model, args, dynamic_shapes, input_names, ...). Exit codes: 0 done, 1 not importable, 2 usage, 3 unsupported operators (table on stderr).
"""
INPUT = re.compile(r"(?P<name>[A-Za-z_]\w*):(?P<dtype>\w+)\[(?P<dims>[^\]]*)\]")


def parser():
    top = argparse.ArgumentParser(prog="python3 -m seqc.torch", description="Import from PyTorch.")
    commands = top.add_subparsers(dest="command", required=True)
    p = commands.add_parser("export", help="write a model as MLIR text and safetensors", epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--module", required=True, metavar="PKG.MOD:FACTORY")
    p.add_argument("--input", action="append", default=[], metavar="NAME:DTYPE[DIMS]", help="an example input")
    p.add_argument("--dim", action="append", default=[], metavar="NAME=MIN..MAX", help="range of a dynamic dim (default 1..)")
    p.add_argument("--output-name", action="append", metavar="NAME", help="names of the results, in order")
    p.add_argument("--function", default="main", help="name of the function (default: main)")
    p.add_argument("--weights", help="the safetensors file (default: beside the output)")
    p.add_argument("--no-check", action="store_true", help="do not verify the file with seqc-opt")
    p.add_argument("-o", "--out", required=True)
    commands.add_parser("ops", help="list the ATen operators that have an emitter")
    return top


def load_factory(text):
    module, separator, name = text.partition(":")
    if not separator:
        raise ExportError(f"expects --module PKG.MOD:FACTORY, but got {text!r}")
    sys.path.insert(0, "")
    try:
        return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise ExportError(f"expects a factory to import, but got {text!r}: {error}") from error


def example_inputs(inputs, dims):
    """(args, dynamic_shapes, names) of --input and --dim texts."""
    import torch

    from .translate import DTYPES

    types = {name: dtype for dtype, name in DTYPES.items()}
    ranges = {}
    for text in dims:
        match = re.fullmatch(r"(\w+)=(\d+)\.\.(\d*)", text)
        if not match:
            raise ExportError(f"expects --dim NAME=MIN..MAX, but got {text!r}")
        ranges[match[1]] = (int(match[2]), int(match[3]) if match[3] else None)
    known, args, shapes, names = {}, [], {}, []
    for text in inputs:
        match = INPUT.fullmatch(text)
        if not match or match["dtype"] not in types:
            raise ExportError(f"expects --input NAME:DTYPE[DIMS] with a type of {', '.join(types)}, but got {text!r}")
        extents, dynamic = [], {}
        for d, dim in enumerate(filter(None, (part.strip() for part in match["dims"].split(",")))):
            if dim.isdigit():
                extents.append(int(dim))
                continue
            low, high = ranges.get(dim, (1, None))
            # Example sizes differ between dims, so that torch does not take two for one.
            example = max(low, 2) + 1 + len(known) if dim not in known else known[dim][1]
            known.setdefault(dim, (torch.export.Dim(dim, min=low, max=high), min(example, high or example)))
            dynamic[d] = known[dim][0]
            extents.append(known[dim][1])
        names.append(match["name"])
        args.append(torch.zeros(extents, dtype=types[match["dtype"]]))
        shapes[match["name"]] = dynamic
    return tuple(args), tuple(shapes.values()), names


def run(options):
    try:
        import torch  # noqa: F401
    except ImportError as error:
        raise ExportError(f"expects PyTorch to be installed, but got: {error}") from error
    from .exporter import export

    made = load_factory(options.module)()
    call = dict(made) if isinstance(made, dict) else {"model": made}
    if options.input:
        args, dynamic_shapes, names = example_inputs(options.input, options.dim)
        call.update(args=args, dynamic_shapes=dynamic_shapes, input_names=names)
    elif "args" not in call and not hasattr(call["model"], "graph_signature"):
        raise ExportError("expects --input for every input, or a factory that returns args, but got neither")
    if options.output_name:
        call["output_names"] = options.output_name
    model, args = call.pop("model"), call.pop("args", ())
    done = export(model, args, out=options.out, function=options.function, weights=options.weights, check=not options.no_check, **call)
    print(f"{done.path}: {done.parameters} parameters{f' in {done.weights}' if done.weights else ''}{', verified' if done.checked else ''}")


def list_operators():
    from .operators import EMITTERS

    print("\n".join(sorted(EMITTERS)))


def main():
    options = parser().parse_args()
    try:
        list_operators() if options.command == "ops" else run(options)
    except UnsupportedError as error:
        print(error, file=sys.stderr)
        return 3
    except ExportError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
