#!/usr/bin/env bash
# The calibration of confidences: $RUNS/weights/calibration.json. Half an hour of one core.
# It comes last: pages are read with the networks in $RUNS/weights where there are some, and with
# the shipped ones for the rest. Needs the extra `train` and fonts.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

networks=$RUNS/calibrated
mkdir -p "$networks"
cp docagent/weights/* "$networks/"
find "$WEIGHTS" -maxdepth 1 -type f ! -name calibration.json -exec cp {} "$networks/" \;
run calibrate --weights "$networks" --count "$(pick 160 4)" --output "$WEIGHTS/calibration.json"
echo "made $WEIGHTS/calibration.json"
