# SPDX-License-Identifier: Apache-2.0
# Installation of what is missing on Debian 12: packages from Debian's archives (LLVM/MLIR 22 is in its security archive), Python packages in a
# virtual environment outside the tree. Every function is quick and silent when nothing is missing.

readonly build_packages=(
  llvm-22-dev libmlir-22-dev mlir-22-tools llvm-22-tools clang-22 lld-22 libclang-rt-22-dev
  cmake ninja-build ccache git python3 python3-venv
  libgtest-dev libgmock-dev libbenchmark-dev
  libonnx-dev libprotobuf-dev libcjson-dev nettle-dev pkg-config zlib1g-dev libdlpack-dev
)

say() { printf '\033[1mseqc:\033[0m %s\n' "$*" >&2; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else say "installing packages needs root or sudo: $*"; exit 1
  fi
}

# install_packages NAME..: only those that dpkg does not list as installed
install_packages() {
  local missing=() p
  for p in "$@"; do
    dpkg-query -W -f='${db:Status-Status}' "$p" 2>/dev/null | grep -qx installed || missing+=("$p")
  done
  [ ${#missing[@]} = 0 ] && return
  if ! command -v apt-get >/dev/null; then
    say "missing: ${missing[*]}; this script installs packages on Debian 12 only, see README.md for other systems"; exit 1
  fi
  say "installing ${missing[*]}"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

setup_build() { install_packages "${build_packages[@]}"; }

# setup_python: the virtual environment with what the tests, the demo and the references need
setup_python() {
  [ -x "$venv/bin/python" ] || { say "creating $venv"; install_packages python3 python3-venv; python3 -m venv "$venv"; }
  install_requirements utils/requirements.txt
}

# install_requirements FILE: once per content of the file
install_requirements() {
  local stamp
  stamp="$venv/.$(basename "$1").$(sha256sum "$1" | cut -c1-16)"
  [ -e "$stamp" ] && return
  say "installing Python packages of $1"
  "$venv/bin/python" -m pip install -q --disable-pip-version-check -r "$1"
  touch "$stamp"
}

# Assembler and disassembler of GPU kernels. Their folders have the version in the name; SEQC_PTXAS and SEQC_NVDISASM of the user win.
tool_path() { echo "$cache/$1-$(sed -n 's/^nvidia-cuda-[a-z]*==\([0-9.]*\).*/\1/p' "utils/gpu/$1.txt")/$1"; }

# setup_tool NAME VARIABLE
setup_tool() {
  [ -n "${!2:-}" ] && return
  local path
  path=$(tool_path "$1")
  if [ ! -x "$path" ]; then
    say "installing $1 into $(dirname "$path")"
    bash utils/gpu/install_tool.sh "$venv/bin/python" "$1" "$(dirname "$path")"
  fi
  export "$2=$path"
}

# use_tool NAME VARIABLE: what setup_tool installed earlier, if it did
use_tool() { [ -n "${!2:-}" ] || ! [ -x "$(tool_path "$1")" ] || export "$2=$(tool_path "$1")"; }

setup_gpu_tools() { setup_tool ptxas SEQC_PTXAS; setup_tool nvdisasm SEQC_NVDISASM; }

# setup_all [--torch]
setup_all() {
  setup_build
  setup_python
  setup_gpu_tools
  if [ "${1:-}" = --torch ]; then bash utils/install_torch.sh "$venv"; fi
}

llvm_tool() {
  local t
  for t in "/usr/lib/llvm-22/bin/$1" "$(command -v "$1-22" || true)"; do [ -x "$t" ] && { echo "$t"; return; }; done
  say "LLVM tool $1 not found"; exit 1
}
