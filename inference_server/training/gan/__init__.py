"""Training of generators: a folder of equal squares in, a model that walks can be painted with out.

`data` reads the pictures; `begin` makes what is trained, `discriminator` is its opponent, `losses` and `augment` are
what they play by, `trainer` does the steps and keeps the state; `measure` says how far the painted are from the real,
`sheets` shows them, `reckoning` how long it takes, `publish` writes the model folder, `session` joins all of it.
"""
