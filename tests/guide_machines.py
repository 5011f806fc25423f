"""Stand-ins for other machines: `ssh` and Slurm's commands that start on this one what they get."""

from pathlib import Path

SSH = """#!/bin/bash
# ssh HOST COMMAND
shift
exec bash -c "${*//--nworkers -1/--nworkers 1}"
"""
SBATCH = """#!/bin/bash
# A Slurm with two free cores: the jobs beyond them wait.
set -eu
number=$(( $(cat "$HOME/jobs" 2>/dev/null || echo 0) + 1 ))
echo $number > "$HOME/jobs"
cp "$1" "$HOME/job$number.sh"
if [ $number -le 2 ]; then
    setsid bash "$HOME/job$number.sh" > "$HOME/job$number.log" 2>&1 < /dev/null &
    echo $! > "$HOME/job$number.pid"
fi
echo "Submitted batch job $number"
"""
SCANCEL = """#!/bin/bash
for number in "$@"; do
    if [ -f "$HOME/job$number.pid" ]; then
        kill -- "-$(cat "$HOME/job$number.pid")" 2>/dev/null || true
    fi
done
"""


def put(folder: Path) -> None:
    """Write the stand-ins into a folder that stands on the PATH."""
    folder.mkdir(exist_ok=True)
    for name, text in (("ssh", SSH), ("sbatch", SBATCH), ("scancel", SCANCEL)):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
