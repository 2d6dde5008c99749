"""Sets: members, and the partition that shading groups share."""

from __future__ import annotations

from maya.command import command, flat
from maya.scene import NO, SCENE, Faces, Node, Path


@command()
def sets(
    members="",
    /,
    *,
    name="set1",
    empty=NO,
    renderable=NO,
    noSurfaceShader=NO,
    query=NO,
    edit=NO,
    addElement="",
    forceElement="",
    remove="",
):
    if query:
        owner = _set(members)
        return [one for path, faces in owner.members.items() for one in SCENE.told(path, faces)] or None
    if not edit:
        kind = "shadingEngine" if renderable else "objectSet"
        return SCENE.create(kind, name).name
    owner = _set(addElement or forceElement or remove)
    found = [SCENE.member(one) for one in flat((members,))]
    if not found:
        raise RuntimeError("sets: nothing was given")
    if owner.locked and not remove:  # by hand, by a vaccine, by a studio: things leave it and do not come back
        raise RuntimeError(f"The node '{owner.name}' is locked and cannot take members.")
    if owner.kind == "shadingEngine":
        found = [(SCENE.shape(path), faces) for path, faces in found]
        found = [(path, faces) for path, faces in found if path[-1].kind != "camera"]
    if owner.kind == "shadingEngine" and not remove:
        _regrouped(found)
        _leave_others(owner, found, bool(forceElement))
    if not remove:
        for path, faces in found:
            if faces is not None and owner.members.get(path) is None:
                _group_id(owner, path)
    result = dict(owner.members)
    for path, faces in found:
        if remove:
            if owner.reference is not None:
                raise RuntimeError(f"Cannot remove members from the referenced set {owner.name}")
            _take(result, path, faces)
        elif faces is None:
            result[path] = None
        elif result.get(path, frozenset()) is not None:
            result[path] = result.get(path, frozenset()) | faces
    SCENE.set_members(owner, result)
    return owner.name


def _set(name: str) -> Node:
    node = SCENE.one(name)[-1]
    if node.kind not in ("objectSet", "shadingEngine"):
        raise TypeError(f"{name} is no set")
    return node


def _group_id(owner: Node, path: Path) -> None:
    """Faces are in a set by a groupId node of set and mesh, which stays when they leave [BEHAVIOURS]."""
    node = SCENE.create("groupId", ":groupId1")
    SCENE.connect(node, "groupId", path[-1], f"objectGroups[{owner.name}].objectGroupId")
    if path[-1].values.get("inMesh") or any(c[2] is path[-1] and c[3] == "inMesh" for c in SCENE.connections):
        SCENE.create("groupParts", ":groupParts1")


def _regrouped(found: list[tuple[Path, Faces]]) -> None:
    """The whole and then faces in one go: what Viewport 2.0 draws green from then on [BEHAVIOURS]."""
    for path, faces in found:
        parts = any(group.members.get(path) is not None for group in SCENE.shading_sets() if path in group.members)
        if faces is None and parts:
            SCENE.regrouped.add(path)
        elif faces is not None and path in SCENE.regrouped:
            SCENE.green.add(path)


def _leave_others(owner: Node, found: list[tuple[Path, Faces]], force: bool) -> None:
    """Shading groups share a partition: who enters one leaves the others, or is refused [docs sets]."""
    locked = {
        SCENE.overrides[n.name][0]
        for n in SCENE.all()
        if n.kind == "materialOverride" and SCENE.value(n, "selfEnabled")
    }
    if SCENE.current_layer in locked and any(faces is not None for _, faces in found):
        raise RuntimeError(
            "Material assignment of faces is not possible while a material override is applied"
        )  # [facts 3.1]
    for other in SCENE.shading_sets():
        if other is owner:
            continue
        members = dict(other.members)
        for path, faces in found:
            if path in members:
                if not force:
                    raise RuntimeError(
                        f"{SCENE.full(path)} is in {other.name}, which shares a partition with {owner.name}"
                    )
                _take(members, path, faces)
        if members != other.members:
            SCENE.set_members(other, members)


def _take(members: dict[Path, Faces], path: Path, faces: Faces) -> None:
    """Remove; a whole that loses faces becomes the faces that are left."""
    if path not in members:
        return
    have = members[path]
    left = frozenset() if faces is None else (frozenset(range(len(path[-1].faces))) if have is None else have) - faces
    if left:
        members[path] = left
    else:
        del members[path]
