#!/usr/bin/env bash
# The embedded reader from the pretrained encoder: $RUNS/weights/reader_*.onnx and reader.json.
# Three hours of one core. Needs the extra `encoder`, fonts, and the labelled sets (DOCAGENT_DATA).
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

run reader mixture --output "$RUNS/reader_pages.pkl"
run reader train --output "$RUNS/reader" --pdfs "$RUNS/reader_pages.pkl" --seed 1 \
  --threads "$THREADS" --minutes "$(pick 180 0.2)"
run reader validate --checkpoint "$RUNS/reader/last.pt" --pdfs "$RUNS/reader_pages.pkl" \
  --pages "$(pick 60 2)"
run reader export --checkpoint "$RUNS/reader/last.pt" --pdfs "$RUNS/reader_pages.pkl" \
  --output "$WEIGHTS" --pages "$(pick 150 2)"
echo "made $WEIGHTS/reader_encoder.onnx"
echo "made $WEIGHTS/reader_words.onnx"
echo "made $WEIGHTS/reader_pointer.onnx"
echo "made $WEIGHTS/reader_layout.onnx"
echo "made $WEIGHTS/reader_vocabulary.txt"
