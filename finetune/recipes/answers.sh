#!/usr/bin/env bash
# What answers are made with: $RUNS/weights/clauses.npz and label_values.json. A quarter of an hour of
# one core, most of it to read synthetic pages. Needs the extra `train`, fonts, and the labelled sets
# (DOCAGENT_DATA).
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

run answers clauses --output "$WEIGHTS/clauses.npz" --epochs "$(pick 4 1)"
run answers cases --output "$RUNS/answers/cases.pkl" --synthetic "$(pick 320 4)"
run answers labels --cases "$RUNS/answers/cases.pkl" --output "$WEIGHTS/label_values.json"
echo "made $WEIGHTS/clauses.npz"
echo "made $WEIGHTS/label_values.json"
