#!/usr/bin/env bash
# The embedded reader from nothing: $RUNS/weights/reader.onnx and reader.json.
# 39 minutes of one core, and a fifth of another. Needs the extra `train` and fonts.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

run reader train --output "$RUNS/reader" --seed 1 --threads "$THREADS" --minutes "$(pick 39 0.2)"
run reader validate --checkpoint "$RUNS/reader/last.pt" --pages "$(pick 150 4)"
run reader export --checkpoint "$RUNS/reader/last.pt" --output "$WEIGHTS" --pages "$(pick 200 4)"
echo "made $WEIGHTS/reader.onnx"
