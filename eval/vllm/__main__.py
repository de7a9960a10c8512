"""docagent against a real vLLM server: ``python -m eval.vllm --help``."""

import sys

from eval.extras import run_command

if __name__ == "__main__":
    sys.exit(run_command("eval.vllm.command", extra="vllm,lora"))
