# What all recipes share; they source it.
#
#   QUICK=1   go the whole path on a tiny budget, in a minute or two; the result is worth nothing
#   RUNS      folder for data, checkpoints and results (runs/recipes; runs/quick with QUICK=1)
#   PYTHON    interpreter with the extra installed (.venv/bin/python where there is one)
#   THREADS   cores of a training (1)
#
# A recipe that was stopped goes on when it is started again. Results are in $RUNS/weights; nothing
# under docagent/ is changed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

QUICK=${QUICK:-}
if [ -n "$QUICK" ]; then RUNS=${RUNS:-runs/quick}; else RUNS=${RUNS:-runs/recipes}; fi
if [ -z "${PYTHON:-}" ]; then
  if [ -x .venv/bin/python ]; then PYTHON=.venv/bin/python; else PYTHON=python; fi
fi
THREADS=${THREADS:-1}
WEIGHTS=$RUNS/weights
mkdir -p "$WEIGHTS"

export PYTHONPATH="$PWD${PYTHONPATH:+:$PYTHONPATH}"
export OMP_NUM_THREADS=$THREADS OMP_WAIT_POLICY=PASSIVE
# glibc: keep freed pages, which every step of a training wants back.
export MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=1000000000000

# pick FULL SMALL: the first, or with QUICK=1 the second.
pick() { if [ -n "$QUICK" ]; then echo "$2"; else echo "$1"; fi; }

# run COMMAND ARGUMENTS...: python -m finetune.COMMAND, shown before it runs.
run() {
  echo "+ python -m finetune.$*"
  "$PYTHON" -m "finetune.$@"
}

# shards FOLDER SEED COUNT OPTIONS...: draw pages; those that are there already stay.
shards() {
  local folder=$1 seed=$2 count=$3
  shift 3
  run synthesis shards --output "$RUNS/$folder" --seed "$seed" \
    --count "$(pick "$count" 1)" --pages "$(pick 24 4)" "$@"
}
