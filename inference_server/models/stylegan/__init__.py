"""StyleGAN2: a vector becomes a picture.

`network` is the generator, plain, readable and the reference, and builds it from a card; `mapping` is what it shares
with its alias-free successor, which is not here yet, `filters` how both enlarge and shrink. `controls` is what a card
says of one, torch-free; `family` paints walks by it.
"""
