# SPDX-License-Identifier: Apache-2.0
"""Prints the mlir code blocks of a Markdown file, separated for --split-input-file."""
import re
import sys

print("\n// -----\n".join(re.findall(r"^```mlir\n(.*?)^```$", open(sys.argv[1]).read(), re.M | re.S)))
