# SPDX-License-Identifier: Apache-2.0
# Configure and build. The compiler cache keeps rebuilds of a fresh clone short.
export CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
export CCACHE_BASEDIR="$top" CCACHE_NOHASHDIR=1

# configure DIR [cmake options]: once
configure() {
  local dir=$1; shift
  [ -f "$dir/build.ninja" ] && return
  say "configuring $dir"
  mkdir -p "$dir"
  cmake -S "$top" -B "$dir" -G Ninja ${SEQC_PTXAS:+"-DSEQC_PTXAS=$SEQC_PTXAS"} -DCMAKE_C_COMPILER="$(llvm_tool clang)" -DCMAKE_CXX_COMPILER="$(llvm_tool clang++)" \
    -DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache "$@" >"$dir/configure.log" 2>&1 ||
    { tail -20 "$dir/configure.log" >&2; say "configuration failed, see $dir/configure.log"; exit 1; }
}

# build_all [ninja targets]
build_all() {
  configure "$build"
  if ninja -C "$build" -n "$@" 2>/dev/null | grep -q 'no work to do'; then return; fi
  say "building (log: $build/build.log)"
  if [ -t 2 ]; then
    ninja -C "$build" -j"$jobs" "$@" 2>&1 | tee "$build/build.log" | progress_line
  else
    ninja -C "$build" -j"$jobs" "$@" >"$build/build.log" 2>&1
  fi || { grep -E 'error|FAILED' "$build/build.log" | head -20 >&2; say "build failed, see $build/build.log"; exit 1; }
}

# One line that is overwritten by each step of ninja.
progress_line() {
  awk '/^\[[0-9]+\/[0-9]+\]/ { printf "\r\033[K%s", substr($0, 1, 100) > "/dev/stderr"; fflush("/dev/stderr") } END { printf "\r\033[K" > "/dev/stderr" }'
}

runtime_library() { echo "$build/lib/libseqc_rt.so"; }

run_benchmarks() { "$venv/bin/python" benchmarks/run.py --seqc "$build/bin/seqc" --python "$venv/bin/python" "$@"; }
