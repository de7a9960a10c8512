#!/usr/bin/env bash
# The ranker of candidates and what tells parties from other names: $RUNS/weights/ranker.npz and
# party_names.json. Half an hour of one core, most of it to
# read the documents of the train sets (DOCAGENT_DATA). It comes after the reader, whose scores it is
# fitted to: $RUNS/weights has one, or the shipped one is used. Needs the extra `train` and fonts.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

networks=$RUNS/ranked
mkdir -p "$networks"
cp docagent/weights/* "$networks/"
find "$WEIGHTS" -maxdepth 1 -type f -exec cp {} "$networks/" \;
run ranking parties --weights "$networks" --output "$WEIGHTS/party_names.json"
run ranking collect --weights "$networks" --keep "$RUNS/kept" --output "$RUNS/ranker.pkl" \
  --sets "$(pick receipts,broadcasts,contracts,bills,synthetic synthetic)" \
  --synthetic "$(pick 144 24)"
run ranking fit --rows "$RUNS/ranker.pkl" --output "$WEIGHTS/ranker.npz"
echo "made $WEIGHTS/ranker.npz"
echo "made $WEIGHTS/party_names.json"
