"""The farm: a shot painted by several machines, each with a server of its own; who hands out the pieces is an engine's.

`session` begins and ends a machine's server, `chunk` paints a run of blocks on it and delivers at the end, `bundle`
writes a shot as a job of Open Job Description; `expected` says which models a piece is to be painted with, `telling`
how far it is. Such an engine calls us as a command.

Where there is none, machines join: `engine` is what is asked of one, `dask_engine` the only file that knows Dask,
`extra` what has to be installed for it; `coordinator` hands runs to it, in the process `coordinating` that `beside`
keeps next to a server. `gate` lets machines in, by `codes` and `certificates` over `wire`; `joined` is what they keep
of it, `join` the command that works for a farm. `errand` is what a machine does with one run: over `far`, the server
it comes from, models come (`arriving`) and passes (`passing`), and what was painted goes back (`returning`).
"""
