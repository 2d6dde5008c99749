"""Generators that others published, read without executing anything of their files.

`machine` is the unpickler, which knows instructions and exact names and makes plain data; `arrays` what is said of
tensors, checked when it is said, read when it is asked for; `streams` how torch lays them into a file. A file per
layout makes of that what is `found`. `looking` does all this in a process that it confines and that ends; `adding`
starts it and makes a model of what it found. The first imports no torch; no pickle ever reaches the second.
"""
