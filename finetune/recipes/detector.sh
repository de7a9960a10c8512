#!/usr/bin/env bash
# The text detector from nothing: $RUNS/weights/detector.onnx.
# About 40 minutes of one core to draw pages, and 35 to train. Needs the extra `train` and fonts.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

shards shards 1 300
shards shards 2 60 --documents 0.55
shards shards 3 90 --documents 0.6
shards shards 4 130 --documents 0.35

run detector --shards "$RUNS/shards" --output "$RUNS/detector" --threads "$THREADS" \
  --minutes "$(pick 35 0.1)"
run detector --output "$RUNS/detector" --export "$RUNS/detector/detector.onnx"
run quantize detector --source "$RUNS/detector/detector.onnx" --target "$WEIGHTS/detector.onnx" \
  --shards "$RUNS/shards" --count "$(pick 40 2)"
echo "made $WEIGHTS/detector.onnx"
