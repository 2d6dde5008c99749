"""The worker's process: owns a device, and does one task after another.

`worker` talks to the broker (`answers`) and lets threads read and write while it paints. A frame's way: `plan` (once
a job), `keys`, `copying` (where it is there already), `reading` with `planes`, the model, `writing`, with `fitting`
and `provenance` (what a header says); `outputs` writes files (`png_chunks`), behind a `fence` against brokers that
are gone. `faces` says what a layer with somebody's face gets, `sealing` signs it. `check` goes before it, with
`check_layers`: what each layer holds on frames that are tried, which `check_tried` reads once for `check_space`,
`check_parts`, `check_shading` and `check_place`; and with `check_passes`. So does `preparing`; `take` says into which
folder, `paces` how long; `holding` and `holdout` make held frames and cut layers; `deliver` with `sounding` (sound),
`tracking` (cameras, nulls, joints) and `guides` (passes as layers), `joints` and `skeletons` (what poses add),
`patches`, `sayings`, `preview` and `movie` end a job; one whose parts others painted is looked at by `check_delivery`
first.
May import `models`, `motion`, `stability`, `provenance`, `datasets`, `shared`; never the broker.
"""
