"""What runs in the process of whoever types: render, demo, check, doctor, jobs, connect. A client like any other.

May import `shared`, cards and the catalogue; the commands of a room lie in that room (`broker/cli`, `models/cli`,
`training/cli`).
"""
