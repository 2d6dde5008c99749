#!/usr/bin/env bash
# Parity and speed of every family on a card, then the whole way: benchmarks/gpu.sh [cuda|mps|cpu], eight minutes at most.
# PYTHON names the interpreter of an environment that has semrender (default: the repository's, else python3).
set -uo pipefail
cd "$(dirname "$0")/.."
device=${1:-cuda}
python=${PYTHON:-.venv/bin/python}
[ -x "$python" ] || python=python3
timeout 360 "$python" -m benchmarks.gpu --device "$device"; families=$?
out=$(mktemp -d)
time timeout 110 env SEMRENDER_HOME="$out/home" "$python" -m semrender demo --device "$device" --out "$out/painted" --no-aep; whole=$?
ls "$out/painted" 2>/dev/null
rm -rf "$out"
echo "families: exit $families, the whole way: exit $whole"
[ "$families" -eq 0 ] && [ "$whole" -eq 0 ]
