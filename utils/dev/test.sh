# SPDX-License-Identifier: Apache-2.0
# Test classes with their time budgets (minutes, on 2 cores): what each needs on a slow shared machine. A class that exceeds its budget is cut off and
# fails. Together they take about half of 45 minutes on an idle machine; the sum is printed.
readonly budget_build=25 budget_hygiene=1 budget_compile=5 budget_unit=8 budget_exec=10 budget_gpu=6 budget_model=8 budget_package=5 budget_onnx=3 budget_fuzz=4 budget_python=10

declare -a summary=()
passed=0 failed=0

# run_class NAME MINUTES COMMAND..: prints the time, counts the class, goes on after a failure. Every command of the class counts: the subshell
# must not be part of a condition or of an || list, where bash ignores set -e. It is a process group of its own, so that all of it can be ended.
run_class() {
  local name=$1 minutes=$2 start seconds job cut="" status=0
  shift 2
  say "$name (budget $minutes min)"
  start=$(date +%s)
  set -m
  ( set -e; "$@" ) </dev/null &
  job=$!
  set +m
  trap 'kill -TERM -- "-$job"; exit 130' INT TERM
  while kill -0 "$job" 2>/dev/null; do
    if [ $(($(date +%s) - start)) -gt $((minutes * 60)) ]; then
      cut="over budget"
      kill -TERM -- "-$job" || true
      sleep 2
      kill -KILL -- "-$job" 2>/dev/null || true
      break
    fi
    sleep 0.2
  done
  set +e
  wait "$job"
  status=${cut:-$?}
  set -e
  trap - INT TERM
  seconds=$(($(date +%s) - start))
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
  "$venv/bin/python" utils/onnx/make_corpus.py "$build/fuzz/onnx_corpus"
  ASAN_OPTIONS=allow_user_poisoning=0 "$build/bin/onnx_fuzzer" -max_total_time=30 -timeout=10 -rss_limit_mb=2048 -max_len=16384 -print_final_stats=1 "$build/fuzz/onnx_corpus" 2>&1 | tail -12
  return "${PIPESTATUS[0]}"
}

test_execution() { (cd "$build" && ctest --output-on-failure -L exec); }

readonly gated_ops='^(attention|attention_packed|batch_matmul|block|butterfly|cast|compare_select|complex|concat|elementwise|embedding|fft|gelu|gelu_tanh|glu|layernorm|linear|linear_scan|matmul|mean_pool|pad|reduce|relu|reshape|selective_scan|selective_scan_packed|silu|slice|softmax|transpose)$'

# check_gpu_code [arguments of seqc-cases]: no stack, no spills, rules of the machine code; of the cases that the arguments leave, and of the models that
# have GPU code.
check_gpu_code() { "$build/bin/seqc-cases" --levels=ptxas "$@" models/{digits,gpt,handwritten_attention}/*.mlir; }

# Kernels of sm_90a without a GPU (docs/spec/functional-model.md).
test_model() { (cd "$build" && ctest --output-on-failure -j"$jobs" -L model); }

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
  local begin
  begin=$(date +%s)
  run_class build "$budget_build" build_all all onnx_fuzzer
  if [ $failed = 0 ]; then
    run_class "hygiene and documents" "$budget_hygiene" test_hygiene
    run_class "compile times" "$budget_compile" test_compile_times
    run_class "unit and lit" "$budget_unit" test_unit_and_lit
    run_class "CPU execution" "$budget_exec" test_execution
    # Without long_conv, short_conv and ssm_kernel, some kernels of which spill (docs/status.md).
    run_class "GPU code" "$budget_gpu" check_gpu_code --sample --op="$gated_ops"
    run_class "functional model" "$budget_model" test_model
    run_class "package, runtime, fuzz" "$budget_package" test_package
    run_class "ONNX node tests" "$budget_onnx" test_onnx
    run_class "ONNX fuzz" "$budget_fuzz" test_onnx_fuzz
    run_class "Python" "$budget_python" test_python
  fi
  printf '\n'
  printf '%s\n' "${summary[@]}"
  printf '%d passed, %d failed, %d s in all (2700 s are the aim)\n' "$passed" "$failed" "$(($(date +%s) - begin))"
  [ $failed = 0 ]
}
