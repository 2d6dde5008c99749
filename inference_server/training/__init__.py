"""Training: pairs of label map and picture in, a model folder out.

Holds the reading of pairs, the discriminator, the losses and the training loop. May import
`inference_server.models`, `shared`, torch; serving (broker, worker) never imports it.
"""
