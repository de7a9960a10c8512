#!/usr/bin/env bash
# The language model of corrections: $RUNS/weights/language_model.bin. Seconds.
# Needs the extra `train` and Debian's packages wamerican-large and wbritish; QUICK=1 counts the
# words of this project's own texts instead.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

if [ -n "$QUICK" ]; then
  run language_model --out "$WEIGHTS/language_model.bin" --names 20 \
    --word-list finetune/language_model/domain_text.txt
else
  run language_model --out "$WEIGHTS/language_model.bin"
fi
echo "made $WEIGHTS/language_model.bin"
