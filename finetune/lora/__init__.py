"""LoRA and QLoRA adapters of a vision-language model, trained on requests as serving makes them."""
