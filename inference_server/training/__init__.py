"""Training: pairs of label map and picture in, or pictures alone, and a model folder out.

`sources` finds the files of the pairs, `pairs` reads and checks them; `networks` makes what is trained, `losses` and
`discriminator` say how well it paints, `trainer` does the steps and keeps the state; `pictures` shows them,
`publish` writes the model folder, `session` joins all of it and `clock` is its loop, `cli` is the command. `gan` has
the same for generators.
May import `inference_server` models, cards and preview, `shared`, torch; serving (broker, worker) never imports it.
"""
