#!/usr/bin/env bash
# Checks of a machine with a GPU, in at most eight minutes: inference in every precision, with and without compilation,
# and training steps of every configuration. Prints tables; a failed check does not stop the others.
#
#     benchmarks/gpu_smoke.sh [OUT]       OUT: folder of the logs, gpu_smoke by default
#
# DEVICE=cpu rehearses the script without a GPU, with the smallest configurations; LIMIT_SCALE multiplies the limits of
# time (1 on a GPU, 10 on a CPU).
set -uo pipefail
cd "$(dirname "$0")/.."
OUT=${1:-gpu_smoke}
PYTHON=${PYTHON:-python}
DEVICE=${DEVICE:-cuda}
ALL=() SOME=(synthesizer_16k ttv speechsr_48k) ROWS=8 ROUNDS=3 SCALE=1
if [ "$DEVICE" = cpu ]; then
  ALL=(synthesizer_tiny synthesizer_48k_tiny ttv_tiny speechsr_tiny) SOME=(ttv_tiny) ROWS=1 ROUNDS=1 SCALE=10
fi
SCALE=${LIMIT_SCALE:-$SCALE}
COMMAND="from hierbatch.cli.app import main; main()"
DEADLINE=$((SECONDS + 460 * SCALE))
mkdir -p "$OUT"
failed=0

check() { # NAME SECONDS COMMAND...
  local name=$1 limit=$(($2 * SCALE))
  shift 2
  local left=$((DEADLINE - SECONDS))
  if ((left < 5)); then
    echo "skipped  $name: no time left"
    return
  fi
  local started=$SECONDS
  if timeout --kill-after=5 "$((limit < left ? limit : left))" "$@" >"$OUT/$name.txt" 2>&1; then
    echo "ok       $name: $((SECONDS - started)) s"
  else
    echo "FAILED   $name: exit code $?, $((SECONDS - started)) s, see $OUT/$name.txt"
    failed=1
  fi
  grep '^|' "$OUT/$name.txt" || tail -3 "$OUT/$name.txt"
}

[ "$DEVICE" = cpu ] || nvidia-smi --query-gpu=name,memory.total,driver_version --format=csv | tee "$OUT/gpu.csv"
check doctor 60 "$PYTHON" -c "$COMMAND" doctor
check train_bf16 150 "$PYTHON" benchmarks/train_step.py --device "$DEVICE" --precision bf16 --rows "$ROWS" "${ALL[@]}"
check train_tf32 100 "$PYTHON" benchmarks/train_step.py --device "$DEVICE" --precision tf32 --rows "$ROWS" "${SOME[@]}"
check train_float32 60 "$PYTHON" benchmarks/train_step.py --device "$DEVICE" --rows $(((ROWS + 1) / 2)) "${SOME[@]}"
check inference 100 "$PYTHON" benchmarks/precision.py --device "$DEVICE" --rounds "$ROUNDS" --dtypes float32 bfloat16 float16
check compiled 120 "$PYTHON" benchmarks/precision.py --device "$DEVICE" --rounds "$ROUNDS" --dtypes bfloat16 --compile
echo "total $SECONDS s"
exit "$failed"
