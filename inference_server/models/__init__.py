"""The neural renderers: what they say of themselves, and one file or folder per family behind the interface in
`base`.

`cards` and `catalogue` need no torch, nor do `needs` (memory), `classes` (of one label set onto another's),
`travelling` (to another machine) and `devices` until a device is looked at: broker and commands read them. May import
torch and each family's own libraries, `shared`, and what finds faces and people in pictures (`datasets`, `motion`);
knows no job and no socket.
"""
