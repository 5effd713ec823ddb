#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes a folder that checks and times GPU packages on a machine that has nothing but the NVIDIA driver and Python.

    ./dev gpu-bundle [-o build/gpu-bundle] [--target sm_90a] [--op RE] [--limit-mib 60]

In it: packages, cases with inputs and expected results, the runtime with its two libraries, the Python binding, runner.py. Expected results of the
execution cases are those of the reference interpreter in f64 with the tolerances of the cases; those of the models are the stored ones.
Programs that do not compile for the target are listed with the reason, and in cases.json. Exit 1 if nothing could be compiled or the limit is exceeded."""
import argparse
import concurrent.futures
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[1]
sys.path.insert(0, str(HERE))
import selftest  # noqa: E402
import timed_cases  # noqa: E402

SHARED_LIBRARIES = ("libcjson.so.1", "libnettle.so.8")
# Stored inputs and outputs of models: (folder, module, function, inputs, outputs)
MODELS = [
    ("digits", "model.mlir", "main", ["test_pixels"], ["expected_logits"]),
    ("gpt", "model.mlir", "main", ["input_2x17"], ["expected_2x17"]),
    ("gpt", "model.mlir", "main", ["input_3x1"], ["expected_3x1"]),
    ("gpt", "model.mlir", "main", ["input_1x2048"], ["expected_1x2048"]),
    ("handwritten_attention", "model.mlir", "main", ["input_2x17"], ["expected_2x17"]),
    ("handwritten_attention", "model.mlir", "main", ["input_3x1"], ["expected_3x1"]),
    ("handwritten_attention", "model.mlir", "main", ["input_1x130"], ["expected_1x130"]),
]
MODEL_TOLERANCE = {"rtol": 1e-4, "atol": 1e-4}


class Bundle:
    def __init__(self, options):
        self.options, self.out = options, pathlib.Path(options.out)
        self.jobs = {}  # module file -> package member
        self.cases, self.left_out = [], []

    def package_for(self, module):
        """The package that will be made of a module file."""
        return self.jobs.setdefault(str(module), f"packages/p{len(self.jobs)}.seqc")

    def copy_data(self, path):
        name = f"data/{len(list((self.out / 'data').iterdir()))}.npy"
        shutil.copyfile(path, self.out / name)
        return name

    # Sources of cases

    def add_execution_cases(self, folder):
        command = [self.options.cases_tool, f"--export={folder}"] + ([f"--op={self.options.op}"] if self.options.op else [])
        subprocess.run(command, check=True)
        for case in json.loads((folder / "cases.json").read_text()):
            sizes = [(folder / t["file"]).stat().st_size for t in case["inputs"] + case["outputs"]]
            if sum(sizes) > self.options.case_kib << 10:
                self.left_out.append({"name": case["name"], "reason": f"{sum(sizes) >> 10} KiB of data"})
                continue
            self.cases.append({"name": case["name"], "package": self.package_for(folder / case["module"]), "function": case["function"],
                               "inputs": [dict(t, file=folder / t["file"]) for t in case["inputs"]],
                               "outputs": [dict(t, file=folder / t["file"]) for t in case["outputs"]]})

    def model_module(self, base, module, work):
        """A copy of a model's graph with its weights beside it; models that are not trained get theirs from models/weights.py."""
        folder = work / base.name
        if not folder.exists():
            folder.mkdir()
            for path in (base / module, *base.glob("*.safetensors")):
                shutil.copyfile(path, folder / path.name)
            if not list(folder.glob("*.safetensors")):
                subprocess.run([sys.executable, str(TOP / "models" / "weights.py"), str(folder / module)], check=True, stdout=subprocess.DEVNULL)
        return folder / module

    def add_models(self, work):
        for folder, module, function, inputs, outputs in MODELS:
            base = TOP / "models" / folder
            missing = [n for n in inputs + outputs if not (base / f"{n}.npy").exists()]
            name = f"model/{folder}/{inputs[0]}"
            if missing or not (base / module).exists():
                self.left_out.append({"name": name, "reason": f"{', '.join(missing) or module} is not there"})
                continue
            self.cases.append({"name": name, "package": self.package_for(self.model_module(base, module, work)),
                               "function": function, "time": True,
                               "inputs": [{"name": n, "file": base / f"{n}.npy"} for n in inputs],
                               "outputs": [dict(MODEL_TOLERANCE, file=base / f"{n}.npy") for n in outputs]})

    def add_timed(self, folder):
        for case in timed_cases.cases():
            path = folder / f"timed{len(self.jobs)}.mlir"
            path.write_text(case.pop("module"))
            self.cases.append(dict(case, package=self.package_for(path), function="main", time=True))

    def add_extra(self, path):
        """Ready cases: a JSON list as in cases.json, with packages and files relative to it."""
        base = pathlib.Path(path).resolve().parent
        for case in json.loads(pathlib.Path(path).read_text()):
            name = f"packages/x{len(self.cases)}.seqc"
            shutil.copyfile(base / case["package"], self.out / name)
            self.cases.append(dict(case, package=name, inputs=[self._resolved(t, base) for t in case["inputs"]],
                                   outputs=[self._resolved(t, base) for t in case.get("outputs", [])]))

    @staticmethod
    def _resolved(tensor, base):
        return dict(tensor, file=base / tensor["file"]) if "file" in tensor else tensor

    # Making it

    def compile(self, item):
        module, member = item
        command = [self.options.seqc, "compile", module, f"--target={self.options.target}", "-o", str(self.out / member)]
        done = subprocess.run(command, capture_output=True, text=True)
        return member, "" if done.returncode == 0 else f"exit {done.returncode}: {(done.stderr.strip().splitlines() or ['no message'])[0][:300]}"

    def compile_all(self):
        with concurrent.futures.ThreadPoolExecutor(self.options.jobs) as pool:
            reasons = dict(pool.map(self.compile, self.jobs.items()))
        kept = []
        for case in self.cases:
            reason = reasons.get(case["package"], "")
            if reason:
                self.left_out.append({"name": case["name"], "reason": reason})
            else:
                kept.append(case)
        self.cases = kept

    def declared_inputs(self, case):
        """dtypes of model inputs, which .npy files do not tell (bf16), from the manifest."""
        import zipfile
        manifest = json.loads(zipfile.ZipFile(self.out / case["package"]).read("seqc.json"))
        function = next(f for f in manifest["functions"] if f["name"] == case["function"])
        return function["inputs"]

    def store_data(self):
        for case in self.cases:
            for tensor in case["inputs"] + case.get("outputs", []):
                if "file" in tensor:
                    tensor["file"] = self.copy_data(tensor["file"])
            for tensor, declared in zip(case["inputs"], self.declared_inputs(case)):
                tensor.setdefault("dtype", declared["dtype"])

    def copy_code(self):
        for path in sorted((HERE / "runner").glob("*.py")):
            shutil.copyfile(path, self.out / path.name)
        shutil.copytree(TOP / "python" / "seqc", self.out / "python" / "seqc", ignore=shutil.ignore_patterns("torch", "__pycache__"))
        (self.out / "lib").mkdir()
        runtime = pathlib.Path(self.options.runtime)
        shutil.copyfile(runtime, self.out / "lib" / "libseqc_rt.so")
        listing = subprocess.run(["ldd", str(runtime)], capture_output=True, text=True, check=True).stdout
        for name in SHARED_LIBRARIES:
            source = next((l.split("=>")[1].split()[0] for l in listing.splitlines() if name in l and "=> /" in l), None)
            if source is None:
                raise SystemExit(f"gpu-bundle: {name} is not there; {runtime} needs it")
            shutil.copyfile(source, self.out / "lib" / name)

    def finish(self):
        self.copy_code()
        (self.out / "cases.json").write_text(json.dumps({"target": self.options.target, "cases": self.cases, "left_out": self.left_out}, indent=1))
        size = sum(f.stat().st_size for f in self.out.rglob("*") if f.is_file())
        print(f"{self.out}: {len(self.cases)} cases, {len(self.left_out)} left out, {size / (1 << 20):.1f} MiB")
        for row in self.left_out[:self.options.show]:
            print(f"  left out: {row['name']}: {row['reason']}")
        if size > self.options.limit_mib << 20:
            print(f"gpu-bundle: expects at most {self.options.limit_mib} MiB; lower --case-kib or choose with --op", file=sys.stderr)
            return 1
        return 0 if self.cases else 1


def parse():
    build = pathlib.Path(os.environ.get("SEQC_BUILD_DIR", TOP / "build"))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--out", default=str(build / "gpu-bundle"))
    parser.add_argument("--target", default="sm_90a", help="as of `seqc compile`")
    parser.add_argument("--seqc", default=str(build / "bin" / "seqc"))
    parser.add_argument("--cases-tool", default=str(build / "bin" / "seqc-cases"))
    parser.add_argument("--runtime", default=str(build / "lib" / "libseqc_rt.so"))
    parser.add_argument("--op", default="", help="execution cases of lists whose name matches this regular expression; default all")
    parser.add_argument("--only-extra", action="store_true", help="only the cases of --extra")
    parser.add_argument("--extra", action="append", default=[], metavar="JSON", help="ready cases with packages")
    parser.add_argument("--case-kib", type=int, default=512, help="leave out execution cases with more data")
    parser.add_argument("--limit-mib", type=int, default=60)
    parser.add_argument("--show", type=int, default=40, help="lines of left out cases")
    parser.add_argument("--jobs", type=int, default=int(os.environ.get("SEQC_JOBS", os.cpu_count() or 1)))
    return parser.parse_args()


def hand_written(folder):
    """Cases that need no compiler, so that a run tells faults of the compiler from those of the machine."""
    folder.mkdir()
    selftest.make_cases(folder, os.environ.get("SEQC_PTXAS") or shutil.which("ptxas"))
    return folder / "cases.json"


def main():
    options = parse()
    out = pathlib.Path(options.out)
    if out.exists() and not (out / "cases.json").exists() and any(out.iterdir()):
        print(f"gpu-bundle: {out} is no bundle and not empty", file=sys.stderr)
        return 2
    shutil.rmtree(out, ignore_errors=True)
    for folder in ("packages", "data"):
        (out / folder).mkdir(parents=True)
    bundle = Bundle(options)
    with tempfile.TemporaryDirectory() as temporary:
        work = pathlib.Path(temporary)
        if not options.only_extra:
            bundle.add_execution_cases(work)
            bundle.add_models(work)
            bundle.add_timed(work)
            options.extra.append(hand_written(work / "selftest"))
        bundle.compile_all()
        for path in options.extra:
            bundle.add_extra(path)
        bundle.store_data()
        return bundle.finish()


if __name__ == "__main__":
    sys.exit(main())
