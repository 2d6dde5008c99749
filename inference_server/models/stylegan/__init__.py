"""StyleGAN2 and its alias-free successor: a vector becomes a picture.

`network` is StyleGAN2, plain, readable and the reference, and builds either from a card; `mapping` is what they share,
`filters` how they enlarge and shrink.
"""
