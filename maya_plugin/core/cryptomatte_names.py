"""Names as renderers write them into a Cryptomatte, with the classes of the things that are called so.

No renderer's manifest has Maya's full names; each has names made in a way of its own, and by its settings. So a rule is
a list of templates, the likeliest first: a table has the names by all of them, and where those of a rendered file are
known, by the templates that explain it. Fields of a template, all of one thing; one without value makes no name:

    {path}       |city|a:house|a:houseShape      {transform_path}  |city|a:house
    {shape}      a:houseShape                    {transform}       a:house
    {tail}       every end of the path of two nodes or more: a:house|a:houseShape. Maya tells a name so that is taken
                 twice, or of an instance
    {namespace}  a (a:b of a:b:house)            {outer}           a, up to the first colon
    {material}   each of its materials           {group}           each of its shading groups
    {asset}      its file's name without suffix; a reference, a stand-in, a cache

bare_ before a name or path is the same without namespaces, slash_ before a path has / between the nodes. A template
may hold * and ?, for what a renderer adds to the name, such as the number of an instance.

Prims of USD that have a class are things, too, by their paths, and what is below one has its class. What is inside
caches and stand-ins is known by rules, whose names may stand anywhere in a path.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from maya_plugin.core.contract import MaterialPart, SceneObject
from maya_plugin.core.members import short
from shared.errors import InputRefused
from shared.label_set import LabelSet
from shared.wording import counted

OBJECT, MATERIAL, ASSET = "object", "material", "asset"
WHAT = (OBJECT, MATERIAL, ASSET)
ANY = "any"  # by the ways of all renderers
MOST = 10_000  # names that shot.json takes
PRIM = "prim"  # kind of a SceneObject that is a prim of USD
SHOWN = 5  # names that a sentence lists
WILD = set("*?[")
OUTSIDE = re.compile(r"default(_.*)?", re.IGNORECASE)  # what renderers call what has no name of its own

_SHAPES = ("{bare_shape}", "{shape}", "{bare_tail}", "{tail}", "{bare_path}", "{path}")
_TRANSFORMS = ("{bare_transform}", "{transform}", "{bare_transform_path}", "{transform_path}")
_SLASHED = ("{slash_path}", "{slash_transform_path}", "{bare_slash_path}", "{bare_slash_transform_path}")
_PARTS = {f"{before}{name}" for before in ("", "bare_") for name in ("material", "group")}
_MATERIALS = ("{bare_material}", "{material}", "{bare_group}", "{group}")

RULES: Mapping[str, Mapping[str, Sequence[str]]] = {
    # MtoA names a node by its shape (or transform: Export DAG names), with the path where names are taken or Export
    # full paths is on; the Cryptomatte shader takes namespaces off each node and off a material (strip_obj_namespaces,
    # strip_mat_namespaces, both on), and an asset is what stands before the first colon [source of CryptomatteArnold].
    "arnold": {
        OBJECT: (*_SHAPES, *_TRANSFORMS, *_SLASHED),
        MATERIAL: _MATERIALS,
        ASSET: ("{outer}", "{asset}"),
    },
    # Node Name, Material Name [Redshift: Cryptomatte]; of the two nodes which one is not said.
    "redshift": {
        OBJECT: (*_TRANSFORMS, *_SHAPES, *_SLASHED),
        MATERIAL: ("{material}", "{group}", *_MATERIALS),
        ASSET: ("{asset}",),
    },
    # Node name, Node name with hierarchy, Material name, Asset (reference scene) name [Chaos: Cryptomatte].
    "vray": {
        OBJECT: (*_TRANSFORMS, *_SHAPES, *_SLASHED),
        MATERIAL: ("{material}", "{group}", *_MATERIALS),
        ASSET: ("{asset}", "{namespace}", "{outer}"),
    },
    # Name, Path ("the full outliner path"), Material ("by shader network") [Pixar: PxrCryptomatte].
    "renderman": {
        OBJECT: (*_SHAPES, *_TRANSFORMS, *_SLASHED),
        MATERIAL: ("{group}", "{material}", *_MATERIALS),
        ASSET: ("{namespace}", "{outer}", "{asset}"),
    },
}
RENDERERS = tuple(RULES)


@dataclass(frozen=True)
class Rendered:
    """What the Cryptomatte of a rendered file says."""

    file: str
    crypto: str  # its own name, as shot.json takes it
    shares: Mapping[str, float]  # name -> how much of the picture it covers, 0..1
    means: Mapping[str, str] = field(default_factory=dict)  # name -> class, of those that mean one without a table


@dataclass(frozen=True)
class Table:
    """Names to classes, and what the artist should know of them."""

    names: Mapping[str, str]
    things: int  # that have a class and a name in it
    shared: tuple[str, ...] = ()  # names that things of several classes have: left out
    mixed: tuple[str, ...] = ()  # nodes whose faces differ in class, which no name of an object tells
    unnamed: tuple[str, ...] = ()  # of the rendered file, that nothing with a class explains; the largest first
    unseen: tuple[str, ...] = ()  # nodes with a class that the rendered file does not hold

    def notes(self, what: str) -> tuple[str, ...]:
        """In words."""
        found = []
        if self.shared:
            found.append(f"{_some(self.shared, 'name stands', 'names stand')} for things of several classes, left out")
        if self.mixed and what == OBJECT:
            found.append(f"{_some(self.mixed, 'thing has', 'things have')} faces of other classes: materials tell them")
        if self.unnamed:
            found.append(f"{_some(self.unnamed, 'name', 'names')} of the rendered file without class")
        if self.unseen:
            found.append(f"{_some(self.unseen, 'thing', 'things')} with a class not in the rendered file")
        return tuple(found)


@dataclass
class _Name:
    """A name by one template: how it is written, and what is called so, by class ("" for none)."""

    text: str
    nodes: dict[str, list[str]] = field(default_factory=dict)

    @property
    def classes(self) -> list[str]:
        return [one for one in self.nodes if one]


Names = Mapping[str, _Name]  # by what the reader compares: letters small


def templates_of(renderer: str, what: str) -> tuple[str, ...]:
    """The templates of a rule; of all renderers' for ANY. Raises InputRefused for what does not exist."""
    if what not in WHAT or renderer not in (ANY, *RENDERERS):
        raise InputRefused(
            f"there is no rule for {what} of {renderer}",
            remedy=f"There are {', '.join(WHAT)} of {', '.join((ANY, *RENDERERS))}",
        )
    chosen = RENDERERS if renderer == ANY else (renderer,)
    return tuple(dict.fromkeys(one for name in chosen for one in RULES[name][what]))


def table(
    things: Sequence[SceneObject],
    label_set: LabelSet,
    templates: Sequence[str],
    rendered: Rendered | None = None,
    inner: Mapping[str, str] | None = None,
) -> Table:
    """The names of everything that has a class; beside a rendered file, by the templates that explain it.

    Of two templates that give one name the first decides.

    Args:
        inner: name or pattern inside caches and stand-ins -> class.

    Raises InputRefused for a template that is none, where
    nothing has a class, and for more names than shot.json takes.
    """
    classed = [thing for thing in things if thing.class_id is not None or thing.mixed]
    inside = {text: name for pattern, name in (inner or {}).items() for text in _anywhere(pattern)}
    if not classed and not inside:
        raise InputRefused("nothing in the scene has a class", remedy="Give classes first")
    found = [_names_by(template, things, label_set) for template in templates]
    if rendered is not None:
        found = _explaining(found, rendered)
        held = {name.casefold() for name in rendered.shares}
        inside = {text: name for text, name in inside.items() if fnmatch.filter(held, text.casefold())}
    names: dict[str, _Name] = {}
    for by_template in found:
        for key, one in by_template.items():
            if one.classes:
                names.setdefault(key, one)
    shared = tuple(one.text for one in names.values() if len(one.classes) > 1)
    clear = {one.text: one for one in names.values() if len(one.classes) == 1}
    ordered = sorted(clear.items(), key=lambda one: (bool(WILD & set(one[0])), one[0]))  # the first that fits decides
    written = {text: one.classes[0] for text, one in ordered}
    written.update((text, name) for text, name in inside.items() if text not in written)
    if len(written) > MOST:
        raise InputRefused(
            f"{len(written)} names are more than the {MOST} that a shot takes",
            remedy="Take the names of materials or assets, or choose a rendered file, whose names alone are written",
        )
    named = {node for one in clear.values() for node in one.nodes[one.classes[0]]}
    return Table(
        names=written,
        things=len(named),
        shared=shared,
        mixed=tuple(thing.node for thing in classed if thing.mixed),
        unnamed=() if rendered is None else _unnamed(written, rendered),
        unseen=() if rendered is None else _unseen(classed, found, rendered),
    )


def _names_by(template: str, things: Iterable[SceneObject], label_set: LabelSet) -> Names:
    fields = re.findall(r"\{(\w+)\}", template)
    if not fields or set("{}") & set(re.sub(r"\{\w+\}", "", template)):
        raise _no_template(template)
    found: dict[str, _Name] = {}
    for thing in things:
        for part in thing.parts if _PARTS & set(fields) else (MaterialPart("", "", thing.class_id),):
            means = "" if part.class_id is None else label_set.by_id(part.class_id).name
            for text in _expanded(template, fields, thing, part):
                found.setdefault(text.casefold(), _Name(text)).nodes.setdefault(means, []).append(thing.node)
    return found


def _expanded(template: str, fields: Iterable[str], thing: SceneObject, part: MaterialPart) -> Iterator[str]:
    """Every name that a template makes of a thing, or of what of it wears one material."""
    texts = [template]
    for name in fields:
        texts = [text.replace(f"{{{name}}}", value) for text in texts for value in _values(name, thing, part, template)]
    for text in texts:
        yield f"{text}*" if thing.kind == "instancer" else text  # its copies have numbers behind the name
        if thing.kind == PRIM and "/" in text:
            yield f"{text}/*"


def _values(name: str, thing: SceneObject, part: MaterialPart, template: str) -> tuple[str, ...]:
    if name.startswith("bare_"):
        return tuple(re.sub(r"[^|/]*:", "", one) for one in _values(name[5:], thing, part, template))
    if name.startswith("slash_"):
        return tuple(one.replace("|", "/") for one in _values(name[6:], thing, part, template))
    own = short(thing.path)
    space = own.rpartition(":")[0]
    nodes = thing.path.lstrip("|").split("|")
    known: Mapping[str, tuple[str, ...]] = {
        "path": (thing.path,),
        "transform_path": (thing.node,),
        "shape": (own,),
        "transform": (short(thing.node),),
        "tail": tuple("|".join(nodes[start:]) for start in range(len(nodes) - 1)),
        "namespace": (space,) if space else (),
        "outer": (space.partition(":")[0],) if space else (),
        "material": (part.material,) if part.material else (),
        "group": (part.group,),
        "asset": (thing.asset,) if thing.asset else (),
    }
    if name not in known:
        raise _no_template(template)
    return known[name]


def _no_template(template: str) -> InputRefused:
    return InputRefused(
        f"{template!r} makes no name",
        remedy="Write {path}, {transform_path}, {shape}, {transform}, {tail}, {namespace}, {outer}, {asset}, "
        "{material} or {group} in it, with bare_ before for no namespaces",
    )


def _explaining(found: Sequence[Names], rendered: Rendered) -> list[Names]:
    """The templates by which names of the file are made: that of most first, then those that add to it."""
    wanted = {name.casefold() for name in rendered.shares}
    left, chosen = list(found), []
    while left:
        best = max(left, key=lambda one: len(_held(one, wanted)))  # of equal ones the first
        explained = _held(best, wanted)
        if not explained:
            break
        chosen.append(best)
        left.remove(best)
        wanted -= explained
    return chosen


def _anywhere(pattern: str) -> tuple[str, ...]:
    """A name inside a cache, at the end of a path or with more below it."""
    end, more = f"*[/|:^]{pattern}", "[/|]*"
    return pattern, end, f"{pattern}{more}", f"{end}{more}"


def _held(names: Collection[str], wanted: set[str]) -> set[str]:
    held = wanted.intersection(names)
    for pattern in (key for key in names if WILD & set(key)):
        held.update(fnmatch.filter(wanted, pattern))
    return held


def _unnamed(names: Iterable[str], rendered: Rendered) -> tuple[str, ...]:
    held = _held([text.casefold() for text in names], {name.casefold() for name in rendered.shares})
    left = [
        name
        for name in rendered.shares
        if name.casefold() not in held and name not in rendered.means and not OUTSIDE.fullmatch(name)
    ]
    return tuple(sorted(left, key=lambda name: (-rendered.shares[name], name)))


def _unseen(classed: Iterable[SceneObject], found: Iterable[Names], rendered: Rendered) -> tuple[str, ...]:
    wanted = {name.casefold() for name in rendered.shares}
    seen = {
        node
        for names in found
        for key, one in names.items()
        if key in wanted or (WILD & set(key) and fnmatch.filter(wanted, key))
        for nodes in one.nodes.values()
        for node in nodes
    }
    return tuple(dict.fromkeys(thing.node for thing in classed if thing.node not in seen))


def _some(names: Sequence[str], one: str, many: str) -> str:
    """`7 names such as a, b`."""
    listed = ", ".join(names[:SHOWN])
    return f"{counted(len(names), one, many)} ({listed}{' …' if len(names) > SHOWN else ''})"
