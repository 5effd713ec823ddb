#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""expect_exit.py CODE COMMAND..: passes standard output and error of the command through, both to standard output; succeeds if it exits with CODE."""
import subprocess
import sys

code = int(sys.argv[1])
done = subprocess.run(sys.argv[2:], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
sys.stdout.buffer.write(done.stdout)
sys.stdout.flush()
if done.returncode != code:
    sys.exit(f"expect_exit: expected exit code {code}, got {done.returncode}: {' '.join(sys.argv[2:])}")
