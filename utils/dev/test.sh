# SPDX-License-Identifier: Apache-2.0
# Test classes with their time budgets (minutes, on 2 cores). A class fails when it exceeds its budget.
readonly budget_build=20 budget_unit=5 budget_exec=8 budget_package=4 budget_python=8

declare -a summary=()
passed=0 failed=0

# run_class NAME MINUTES COMMAND..: prints the time, counts the class, goes on after a failure. Every command of the class counts: the subshell
# must not be part of a condition or of an || list, where bash ignores set -e.
run_class() {
  local name=$1 minutes=$2 start seconds status=0
  shift 2
  say "$name (budget $minutes min)"
  start=$(date +%s)
  set +e
  ( set -e; "$@" )
  status=$?
  set -e
  seconds=$(($(date +%s) - start))
  if [ $status = 0 ] && [ $seconds -gt $((minutes * 60)) ]; then
    status=over-budget
  fi
  if [ "$status" = 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
  summary+=("$(printf '%-28s %5d s of %4d s  %s' "$name" "$seconds" "$((minutes * 60))" "$([ "$status" = 0 ] && echo ok || echo "FAILED ($status)")")")
}

test_unit_and_lit() {
  (cd "$build" && ctest --output-on-failure -j"$jobs" -L unit)
  "$(llvm_tool lit)" -sv -j"$jobs" "$build/test"
}

# Passed and total are printed; tests that do not pass have a reason in not-passing.txt.
test_onnx() { "$build/bin/seqc-onnx-tests" test/Import/Onnx/node; }

# The importer under libFuzzer and ASan. LLVM's own marks of memory are off: libLLVM is not built with them.
test_onnx_fuzz() {
  ninja -C "$build" -j"$jobs" onnx_fuzzer >"$build/fuzz.log" 2>&1 || { tail -20 "$build/fuzz.log"; return 1; }
  "$venv/bin/python" utils/onnx/make_corpus.py "$build/fuzz/onnx_corpus"
  ASAN_OPTIONS=allow_user_poisoning=0 "$build/bin/onnx_fuzzer" -max_total_time=60 -timeout=10 -rss_limit_mb=2048 -max_len=16384 -print_final_stats=1 "$build/fuzz/onnx_corpus" 2>&1 | tail -12
  return "${PIPESTATUS[0]}"
}

test_execution() { (cd "$build" && ctest --output-on-failure -L exec); }

# check_gpu_code [arguments of seqc-cases]: no stack, no spills, rules of the machine code; of the cases that the arguments leave, and of the models that
# have GPU code.
check_gpu_code() { "$build/bin/seqc-cases" --levels=ptxas "$@" models/{digits,gpt,handwritten_attention}/*.mlir; }

# The runtime alone, without LLVM, under ASan and UBSan: conformance, hostile packages, a short fuzz run.
test_package() {
  configure "$build-asan" -DSEQC_BUILD_COMPILER=OFF -DSEQC_SANITIZE=ON
  ninja -C "$build-asan" -j"$jobs" >"$build-asan/build.log" 2>&1 || { tail -20 "$build-asan/build.log"; return 1; }
  (cd "$build-asan" && ctest --output-on-failure -j"$jobs")
}

test_python() {
  PYTHONPATH="$top/python" SEQC_BUILD_DIR="$build" "$venv/bin/python" -m unittest discover -s python/tests -v
}

# One kernel of every scheme and type within half a second, whole models within ten.
test_compile_times() { "$venv/bin/python" utils/check_compile_times.py --seqc "$build/bin/seqc"; }

test_hygiene() {
  "$venv/bin/python" utils/check_layers.py
  "$venv/bin/python" utils/check_sizes.py
  "$venv/bin/python" utils/gen_docs.py --check
  "$venv/bin/python" utils/bench_tables.py --check
}

run_all_tests() {
  run_class build "$budget_build" build_all
  if [ $failed = 0 ]; then
    run_class "hygiene and documents" 1 test_hygiene
    run_class "compile times" 3 test_compile_times
    run_class "unit and lit" "$budget_unit" test_unit_and_lit
    run_class "CPU execution" "$budget_exec" test_execution
    run_class "GPU code" 3 check_gpu_code --sample
    run_class "package, runtime, fuzz" "$budget_package" test_package
    run_class "ONNX node tests" 4 test_onnx
    run_class "ONNX fuzz" 5 test_onnx_fuzz
    run_class "Python" "$budget_python" test_python
  fi
  printf '\n'
  printf '%s\n' "${summary[@]}"
  printf '%d passed, %d failed\n' "$passed" "$failed"
  [ $failed = 0 ]
}
