"""Generators: a vector becomes a picture.

`network` is StyleGAN2 and `alias_free` StyleGAN3, plain, readable and the reference; `network` builds both by a card.
`mapping` is what both share, `filters` how they enlarge and shrink. `settings` is what a card's configuration says, and
`controls` which layers and options follow from it, torch-free. `family` paints walks by it, `circles` knows how far
seeds are apart in w, `projection` finds the point of a picture. `samples` is a sheet of seeds, `published` reads the
files of others.
"""
