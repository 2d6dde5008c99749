"""From what was measured of people to skeletons that animators' programs take. Pure functions of arrays.

`people` is what was measured, of a model's prepared file or of a poses file; `solve` makes `shared.poses` of it:
`body` (lengths of bones), `turning` (turns of joints, and forward kinematics), `path` (where before the camera),
`level` (which way is up), `feet` (that stand), with `turns` (matrices, quaternions, Euler angles) below all. A clip is
solved whole, at the end of a job, a thousand frames in a second or two; the same measures make the same skeleton.
"""
