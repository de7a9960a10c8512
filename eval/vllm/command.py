"""docagent against a real vLLM server.

    python -m finetune.llava build --config finetune/configs/llava_tiny.yaml --output runs/untrained
    python -m eval.vllm runs/untrained
    python -m eval.vllm CHECKPOINT --adapter finance=FOLDER --adapter legal=FOLDER --only tokens

Starts a server with the checkpoint and two adapters (random ones unless given) and prints a line
for each figure; exit code 1 if one does not pass its bar. Needs vLLM, transformers and PEFT, as
`make test-vllm` installs them.

  tokens      token ids of vLLM and of transformers with PEFT are the same
  harm        results of a model that knows nothing are valid or flagged, and never unproven
  faults      wrong statuses, slow answers, too few tokens
  outage      the server is killed while documents are worked on, and comes back
  throughput  documents a second, beside a bare client
  prefix      prompt tokens found in the prefix cache
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from pathlib import Path

from eval.vllm.adapters import write_adapter, write_shaken
from eval.vllm.bench import MEASURES, Bench, start_server
from eval.vllm.figures import print_figures


def main() -> int:
    """Parse the command line, start the server, measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkpoint", type=Path, help="folder of a LLaVA checkpoint")
    parser.add_argument("--adapter", action="append", default=[], metavar="NAME=FOLDER")
    parser.add_argument("--only", default=",".join(MEASURES), metavar="NAME,...")
    parser.add_argument("--count", type=int, default=500, help="extractions, and corrections")
    parser.add_argument("--workers", type=int, default=4, help="documents side by side")
    parser.add_argument("--log", type=Path, default=Path("runs/vllm.log"), help="of the server")
    parser.add_argument(
        "--shake", action="store_true", help="put noise on the weights, so that answers vary"
    )
    args = parser.parse_args()
    names = args.only.split(",")
    unknown = [name for name in names if name not in MEASURES]
    if unknown:
        parser.error(f"--only {','.join(unknown)}: there are {', '.join(MEASURES)}")
    os.environ["HF_HUB_OFFLINE"] = "1"
    # Ends the server too, where this process is asked to end.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(130))
    args.log.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        checkpoint = args.checkpoint
        if args.shake:
            checkpoint = write_shaken(checkpoint, folder / "shaken", 1)
        given = dict(text.split("=", 1) for text in args.adapter)
        adapters = {name: Path(path) for name, path in given.items()} or {
            name: write_adapter(checkpoint, folder / name, seed)
            for seed, name in enumerate(("finance", "legal"), start=1)
        }
        with start_server(checkpoint, adapters, args.log) as server:
            bench = Bench(server, checkpoint, adapters, args.log, args.count, args.workers)
            figures = []
            for name in names:
                found = MEASURES[name](bench)
                print_figures(found)
                figures += found
    return 0 if all(figure.passed for figure in figures) else 1
