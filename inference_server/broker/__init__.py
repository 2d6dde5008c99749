"""The broker's process: sockets, rules, and what it remembers. All that runs in it is here, and nothing else.

`broker` is the loop and its turns, `verbs` what clients may ask, `overview` what those ask who watch (over `news` and
`journal`), `requests` how a request becomes a job; `jobs` are the rules, `entry` how a job enters the ledger, `told`
what is said of it, `ledger` (SQLite) what survives; `chunks` the runs that other machines paint (`cutting` makes
them, `joining` anew when machines come, `members` are who is there, `shares` who paints what, `relief` who helps whom
at the end, `blame` who is at fault), `pieces` the jobs that are runs of others', `pace` how fast who is; `machines`
what those ask and tell, `travelling` what those ask who do not see our disk; `crew` its workers over `supervisor`
(processes); `space` and `aside` disks that are full or never answer, `spool` what was uploaded, `security` who gets
in, `metrics` what is measured; `cli` is `semrender serve`.
May import `shared` (what Maya-safe code may), cards and the catalogue of models; never torch, never an image.
"""
