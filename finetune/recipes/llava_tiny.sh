#!/usr/bin/env bash
# The small LLaVA for tests and trials: $RUNS/llava_tiny/checkpoint. 80 minutes of one core.
# Needs the extra `lora` and fonts.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

config=finetune/configs/$(pick llava_tiny llava_quick).yaml
limit=$(pick 0 2)
run llava train --config "$config" --output "$RUNS/llava_tiny" --threads "$THREADS" \
  --minutes 80 --steps "$limit" --score-every "$(pick 420 0)"
run llava score --config "$config" --checkpoint "$RUNS/llava_tiny/checkpoint" \
  --count "$(pick 120 2)"
echo "made $RUNS/llava_tiny/checkpoint"
