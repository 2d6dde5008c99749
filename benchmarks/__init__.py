"""Speed and memory, measured against a named peer in the same run, medians, printed as tables.

Run each on a quiet machine: `python -m benchmarks.pipeline`, `python -m benchmarks.decode`.
"""
