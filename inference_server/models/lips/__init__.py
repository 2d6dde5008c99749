"""Lips: a face's mouth follows a sound, after "A Lip Sync Expert Is All You Need" (Prajwal et al., ACM MM 2020).

`network` is the generator, `mel` what it hears, `published` how a checkpoint of the authors becomes a model folder.
"""
