#!/usr/bin/env bash
# One hour of training on one GPU: the published text-to-vector network and synthesizer on a prepared set, with curves.
#
#     benchmarks/gpu_train.sh PREPARED [OUT [MINUTES]]     MINUTES for each network, 30 by default
#
# PREPARED is a folder of `hierbatch prepare`. The number of channels of its features is read from it. The same command
# resumes. A batch is the published one; gradients are added up over as many parts as the memory needs.
#
# DEVICE=cpu rehearses the script without a GPU: two steps of the smallest networks.
set -euo pipefail
cd "$(dirname "$0")/.."
PREPARED=$1
OUT=${2:-gpu_train}
MINUTES=${3:-30}
PYTHON=${PYTHON:-python}
COMMAND="from hierbatch.cli.app import main; main()"
ACCUMULATE=${ACCUMULATE:-2}
DEVICE=${DEVICE:-cuda}
SCHEDULE=(--precision bf16 --minutes "$MINUTES" --threads 8)
[ "$DEVICE" = cpu ] && SCHEDULE=(--steps 2)
mkdir -p "$OUT"

CHANNELS=$("$PYTHON" - "$PREPARED" <<'P'
import sys
from pathlib import Path

from hierbatch.training.prepared import PreparedSet

prepared = PreparedSet(Path(sys.argv[1]))
print(prepared.semantic(prepared.utterances[0], 0, 1).shape[1])
P
)

cat >"$OUT/ttv.toml" <<T
vocabulary = "phonemes"
languages = ["en", "ko"]
[network]
n_symbols = 90
n_languages = 2
semantic_channels = $CHANNELS
[data]
batch_rows = 128
[run]
n_steps = 950000
n_accumulated = $ACCUMULATE
report_steps = 20
validate_steps = 500
save_steps = 500
T
cat >"$OUT/synthesizer.toml" <<T
[network]
semantic_channels = $CHANNELS
[data]
batch_rows = 80
[run]
n_steps = 1200000
n_accumulated = $ACCUMULATE
report_steps = 20
validate_steps = 500
save_steps = 500
T

for network in ttv synthesizer; do
  config=$OUT/$network.toml
  [ "$DEVICE" = cpu ] && config=${network}_tiny
  "$PYTHON" -c "$COMMAND" train "$network" --config "$config" --data "$PREPARED" --out "$OUT/$network" \
    --device "$DEVICE" "${SCHEDULE[@]}" | tee -a "$OUT/$network.log"
done
