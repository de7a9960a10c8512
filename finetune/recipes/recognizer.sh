#!/usr/bin/env bash
# The text recognizer from nothing: $RUNS/weights/recognizer.onnx.
# Eleven hours of one core to train, and several to draw pages. Needs the extra `train` and fonts.
# With DOCAGENT_DATA set to a folder with sroie/adapt it is adapted to these receipts in the end;
# without, the weights come from synthetic pages alone.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# stage NAME SHARDS HELD MINUTES OPTIONS...: one training, in $RUNS/recognizer/NAME.
stage() {
  local name=$1 folder=$2 held=$3 minutes=$4
  shift 4
  run recognizer --output "$RUNS/recognizer/$name" --shards "$RUNS/$folder" \
    --held-out "$RUNS/held/$held.npz" --threads "$THREADS" --minutes "$(pick "$minutes" 0.05)" "$@"
}

shards held 900 1
shards held 901 1 --documents 0.4 --typed 0.25 --archived 0.85 --wear 0.15 --words 0.9

# 1. Harshly worn pages, then milder ones, in one training.
shards shards 1 300
shards shards 2 60 --documents 0.55
shards shards 3 90 --documents 0.6
shards shards 4 130 --documents 0.35
stage lines shards 900_00000 228
shards clean 5 260 --documents 0.45 --wear 0.25
shards clean 6 90 --documents 0.35 --wear 0.15
stage clean clean 900_00000 110 --start "$RUNS/recognizer/lines/last.pt" --peak 1e-3

# 2. Words cut close, and typescript.
shards words 11 60 --documents 0.45 --wear 0.25
shards words 12 130 --documents 0.35 --wear 0.15
shards words 13 90 --documents 0.3 --typed 0.7 --wear 0.2
stage words words 900_00000 100 --start "$RUNS/recognizer/clean/last.pt" --peak 5e-4

# 3. Small black-and-white copies, and crops framed as serving frames them.
shards copies 14 151 --documents 0.6 --typed 0.15 --archived 0.85 --wear 0.15 --words 0.9
shards copies 15 155 --documents 0.3 --typed 0.35 --archived 0.85 --wear 0.15 --words 0.9
shards copies 18 110 --documents 0.5 --typed 0.3 --archived 0.85 --wear 0.15 --words 0.9
shards copies 19 110 --documents 0.25 --typed 0.45 --archived 0.85 --wear 0.15 --words 0.9
stage copies copies 901_00000 190 --start "$RUNS/recognizer/words/last.pt" --peak 6e-4

# 4. Marks, slivers and specks.
shards marks 20 90 --documents 0.25 --typed 0.35 --archived 0.6 --wear 0.15 --words 0.6
shards marks 21 60 --documents 0.45 --typed 0.25 --archived 0.3 --wear 0.2 --words 0.4
cp "$RUNS"/copies/01*.npz "$RUNS/marks/"
stage marks marks 901_00000 104 --start "$RUNS/recognizer/copies/last.pt" --peak 8e-4 --seed 41

run recognizer --output "$RUNS/recognizer/marks" --export "$RUNS/recognizer/float.onnx"
run quantize recognizer --source "$RUNS/recognizer/float.onnx" --shards "$RUNS/marks" \
  --target "$WEIGHTS/recognizer.onnx" --count "$(pick 40 2)"

# 5. Real receipts.
if [ -z "$QUICK" ] && [ -d "${DOCAGENT_DATA:-}/sroie/adapt" ]; then
  run recognizer --data "$DOCAGENT_DATA/sroie/adapt" --case-insensitive --shards "$RUNS/marks" \
    --start "$RUNS/recognizer/marks/last.pt" --output "$RUNS/recognizer/adapted" \
    --minutes 10 --fraction 0.1 --blend 0.55
  cp "$RUNS/recognizer/adapted/recognizer.onnx" "$WEIGHTS/"
else
  echo "not adapted to real receipts: that needs DOCAGENT_DATA with sroie/adapt, and no QUICK"
fi
echo "made $WEIGHTS/recognizer.onnx"
