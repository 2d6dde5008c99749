"""The farm: a shot painted by several machines, each with a server of its own; who hands out the pieces is an engine's.

`session` begins and ends a machine's server, `chunk` paints a run of blocks on it and delivers at the end, `bundle`
writes a shot as a job of Open Job Description; `expected` says which models a piece is to be painted with, `telling`
how far it is. An engine is called as a command, or from a file of its own that nothing
else imports.
"""
