#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the pinned ptxas: utils/gpu/install_ptxas.sh PYTHON FOLDER. Afterwards FOLDER/ptxas is the program; nothing is done if it is there.
# The wheel is 48 MB and is not kept; ptxas alone is 52 MB.
set -euo pipefail
python=${1:?usage: utils/gpu/install_ptxas.sh PYTHON FOLDER} folder=${2:?usage: utils/gpu/install_ptxas.sh PYTHON FOLDER}
[ -x "$folder/ptxas" ] && exit 0
mkdir -p "$folder"
work=$(mktemp -d "$folder/wheel.XXXXXX")
trap 'rm -rf "$work"' EXIT
"$python" -m pip download -q --disable-pip-version-check --no-deps --only-binary :all: --require-hashes -r "$(dirname "$0")/ptxas.txt" -d "$work"
"$python" - "$work" <<'PY'
import pathlib, sys, zipfile
work = pathlib.Path(sys.argv[1])
[wheel] = work.glob("*.whl")
[member] = [n for n in zipfile.ZipFile(wheel).namelist() if n.endswith("/bin/ptxas")]
(work / "ptxas").write_bytes(zipfile.ZipFile(wheel).read(member))
PY
chmod 755 "$work/ptxas"
"$work/ptxas" --version >/dev/null
mv "$work/ptxas" "$folder/ptxas" # last, whole: an interrupted installation is repeated
