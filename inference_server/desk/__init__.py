"""The desk: a page in the browser for all that has no host program. A process of its own, a client like any other.

`cli` is `semrender desk`; `serving` the process: a socket of 127.0.0.1, and who is told of it; `app` joins the routes;
`guard` decides who gets in, before any route sees a request; `asking` makes a plain function a route; `link` lends a
client of the server, `feed` knows all its jobs and what is new. A part of the page is a file here with its routes:
`queue` (jobs, with `order` and `thumbs`), `look` (the viewer, with `looks`, what there is to see, and `reels`, how each
frame is read), `paint` (with `sources`, what is painted from, `drops`, the files that are dropped, `walks`, which
need none, `marked`, a pass with its refused pixels, `swatches`, the label sets, `drafts` and `saving`, the shot,
`keeping`, how long), `models`, `pages` (what lies in `static`, a fixed list). `opened` keeps the folders and files that
the user opened: no other path is ever read.

In `static` nothing is built: plain modules, checked by eslint and tsc (tests/inference_server/desk). `index.html` is
the frame; `js/main.js` finds the part by the address (#/queue ...) and calls its `show(place, path)`, which returns
how to leave; `js/words.js` has every word of English; `js/dom.js` makes elements, never from a string of HTML.

A part is added by five things: a file of routes here (`routes(desk)`, joined in `app`), a folder of modules
`static/js/PART/` with a line in `js/parts.js`, a style sheet `static/css/PART.css` linked in `index.html`, its words
below a key of its own in `js/words.js` (and its name in `parts`), and `tests/inference_server/desk/test_desk_PART.py`,
whose fixtures (`desk`, `browser`, `page`, `enter`) are in the conftest there. Keys are told to `js/keys.js`; errors
come as words of `js/server.js`, what can be taken back is a `toast` with `undo`, a list of any length is `js/list.js`.

May import `shared` and the web framework; must not import the other rooms: what it wants of them it asks the server
for, or a command (`commanded`).
"""
