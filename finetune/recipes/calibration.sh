#!/usr/bin/env bash
# The calibration of confidences: $RUNS/weights/calibration.json. Half an hour of one core.
# It comes last: pages are read with the networks in $RUNS/weights where there are some, and with
# the shipped ones for the rest. Confidences of answers are fitted where answers.sh left its cases.
# Needs the extra `train`, fonts, and but for QUICK=1 the labelled sets (DOCAGENT_DATA).
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

networks=$RUNS/calibrated
mkdir -p "$networks"
cp docagent/weights/* "$networks/"
find "$WEIGHTS" -maxdepth 1 -type f ! -name calibration.json -exec cp {} "$networks/" \;
table=$WEIGHTS/calibration.json
run calibrate --weights "$networks" --count "$(pick 160 4)" --output "$table"
run ranking lists --weights "$networks" --output "$table" \
  --contracts "$(pick 24 0)" --synthetic "$(pick 100 5)"
cases=$RUNS/answers/cases.pkl
if [ -f "$cases" ]; then
  run answers calibrate --weights "$networks" --output "$table" --cases "$cases" \
    --documents "$(pick 40 1)"
fi
echo "made $WEIGHTS/calibration.json"
