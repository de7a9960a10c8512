#!/usr/bin/env bash
# The LoRA adapters of the small LLaVA: $RUNS/lora_medical/adapter and lora_legal/adapter.
# Nine minutes of one core each. Needs the extra `lora` and fonts, and what llava_tiny.sh makes, or
# else takes the shipped checkpoint.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

base=$RUNS/llava_tiny/checkpoint
if [ ! -d "$base" ]; then base=finetune/checkpoints/llava_tiny; fi
for name in $(pick "medical legal" adapter_quick); do
  run lora --config "finetune/configs/$name.yaml" --base "$base" --output "$RUNS/lora_$name" \
    --threads "$THREADS"
  echo "made $RUNS/lora_$name/adapter"
done
