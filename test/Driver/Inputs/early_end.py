#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""early_end.py CODE FOLDER [SIGNAL] -- COMMAND..: runs the command with a linker that never ends, in place of ld.lld, and sends it the signal (a name) once that
linker runs. Succeeds if the command exits with CODE, leaves no temporary file, and the linker is gone. Passes output through."""
import os
import pathlib
import signal
import subprocess
import sys
import time# Whoever runs the tests may ignore these signals; the command must not inherit that.
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, signal.SIG_DFL)




split = sys.argv.index("--")
code, folder, name = int(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve(), sys.argv[3:split]
for part in ("bin", "tmp"):
    (folder / part).mkdir(parents=True, exist_ok=True)
started, linker = folder / "started", folder / "bin/ld.lld-22"
started.unlink(missing_ok=True)
linker.write_text(f"#!/bin/sh\necho $$ > {started}.new\nmv {started}.new {started}\nexec sleep 300\n")
linker.chmod(0o755)
environment = os.environ | {"PATH": f"{linker.parent}:{os.environ['PATH']}", "TMPDIR": str(folder / "tmp")}
for _ in range(5):  # on a busy machine a time limit may be over before the linker runs
    process = subprocess.Popen(sys.argv[split + 1:], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment)
    deadline = time.monotonic() + 60
    while not started.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    if name:
        process.send_signal(getattr(signal, name[0]))
    output = process.communicate(timeout=60)[0]
    if started.exists():
        break
sys.stdout.buffer.write(output)
sys.stdout.flush()
if process.returncode != code:
    sys.exit(f"early_end: expected exit code {code}, got {process.returncode}")
if not started.exists():
    sys.exit("early_end: the linker was not started")
left = os.listdir(folder / "tmp")
if left:
    sys.exit(f"early_end: left in the temporary folder: {left}")
stat = pathlib.Path(f"/proc/{started.read_text().strip()}/stat")
for _ in range(2000):
    if not stat.exists() or stat.read_text().rsplit(")", 1)[1].split()[0] == "Z":
        sys.exit(0)
    time.sleep(0.01)
sys.exit("early_end: the linker still runs")
