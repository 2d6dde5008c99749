"""What runs in the process of whoever types: render, demo, check, doctor, jobs, connect. A client like any other.

May import `shared`, cards and the catalogue, and what joins rooms does so here: `walk_cli` a worker's plan and a model,
`project_cli` what cuts pictures for datasets and a generator, `skeleton_cli` people and their files, `provenance_cli`
marks and who signs. The commands of one room lie in that room (`broker/cli`,
`models/cli`, `training/cli`).
"""
