"""The fault campaign: real processes, sockets, disks; a stand-in for the network; named faults by seed.

`python -m tests.faults.campaign` runs all of it and writes docs/reliability.md; `test_faults.py` runs twenty of
the faults with the other tests. `world.py` is a server with its jobs and what must be true of them, `faults.py` what
happens to it, `inject/` what is slipped into its processes.
"""
