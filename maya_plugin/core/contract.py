"""What the panel may ask of the program it runs in: plain data in, plain data out.

`maya_plugin.host.session.MayaHost` is the implementation; the user interface knows this file only. Every method is
called on the main thread and returns soon, except `render_preview`, which renders one frame. Whatever changes the
scene is one undo step. What cannot be done raises a `SemrenderError` in words; nothing returns an error.

A *member* is a node by its full path (`|city|house1`), faces of one (`|city|house1.f[0:7]`) or a prim of USD
(`|stage|stageShape,/World/house1`). A class is its id in
the scene's label set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Callable, Protocol

from maya_plugin.core.sun import Sun
from shared.errors import SemrenderError

HARDWARE = "hardware"  # Maya Hardware 2.0
ARNOLD = "arnold"
RENDERERS = (HARDWARE, ARNOLD)
VIEWPORT = "viewport"  # what draws the labels of a painted frame, whatever renderer is chosen
# Beside the label pass, where the renderer can.
EXTRA_PASSES = ("instance", "normal", "depth", "shading", "beauty", "motion")


Span = tuple[int, int]  # the first and the last frame


@dataclass(frozen=True)
class Scene:
    """The open scene. fps is exact: fps_num / fps_den."""

    path: str  # "" for a scene that was never saved
    name: str  # of the file without its suffix, "untitled" where there is none
    folder: str  # where its results go by rule (core.results)
    modified: bool
    frame: int
    first: int  # of the render settings
    last: int
    fps_num: int
    fps_den: int
    width: int  # pixels
    height: int
    pixel_aspect: float
    shot: str = ""  # that it is of: its name without a version
    project: str = ""  # Maya's project
    images: str = ""  # the project's folder for rendered pictures
    slider: Span = (1, 1)  # what the time slider shows
    marked: Span | None = None  # what is marked in it
    step: float = 1.0  # of the render settings
    fractions: tuple[str, ...] = ()  # of core.ranges: those that do not lie on whole frames
    unit: float = 1.0  # centimetres of its linear unit


@dataclass(frozen=True)
class Settings:
    """What is kept in the scene itself."""

    label_set: str = "coco_stuff"
    # Class of what has none, and of the emptiness around the whole scene; "" leaves both outside the layer.
    rest: str = ""
    policies: Mapping[str, str] = field(default_factory=dict)  # as core.policy.AWKWARD lists them
    inner: Mapping[str, str] = field(default_factory=dict)  # name or pattern inside caches -> class
    panel: Mapping[str, Any] = field(default_factory=dict)  # what a painting is made with: model, seed …; JSON values


@dataclass(frozen=True)
class Assignment:
    """What one class has in the scene."""

    class_id: int
    name: str
    objects: int  # nodes that are members as a whole (a group counts once)
    faces: int  # single faces
    missing: bool = False  # the class is not in the present label set; its members count as without class


@dataclass(frozen=True)
class MaterialPart:
    """What of a thing wears one material, and its class; one more where its faces are of several."""

    material: str  # "" for a shading group without
    group: str  # the shading group
    class_id: int | None


@dataclass(frozen=True)
class SceneObject:
    """One thing that a camera can see: a visible kind of shape, once per instance."""

    path: str  # full path of the shape
    node: str  # full path of the transform above it: what is selected and assigned
    kind: str  # Maya's node type: mesh, nurbsSurface, gpuCache, aiStandIn ...
    materials: tuple[str, ...] = ()  # names of its materials
    asset: str = ""  # reference file or cache that it comes from, without folder and suffix
    class_id: int | None = None  # its class by rule; None = without class
    mixed: bool = False  # some of its faces have another class
    parts: tuple[MaterialPart, ...] = ()


@dataclass(frozen=True)
class Sound:
    """A sound of the scene, and the frame on which it begins."""

    file: str
    start: int


@dataclass(frozen=True)
class Changed:
    """What an action did."""

    members: int
    notes: tuple[str, ...] = ()  # words for the artist, such as about what could not be assigned


@dataclass(frozen=True)
class Wishes:
    """How people come into the scene."""

    time: str = ""  # of core.timing.WAYS, where the file's rate is not the scene's; "" refuses such a file
    # Of skeletons in space:
    camera: str = ""  # shape that sees them as the picture did; "" = they stand as the file says
    orient: str = "world"  # what joints' own axes follow, or "bone": x down the bone
    stance: bool = False  # a T-pose a frame before the first
    lens: bool = False  # the camera that saw them, too
    characterize: bool = False  # define a HumanIK character of each, at that pose


@dataclass(frozen=True)
class Layer:
    """A render layer."""

    node: str  # Maya's node; "defaultRenderLayer" for the whole scene
    name: str  # as the artist sees it
    whole: bool  # the whole scene (master layer)
    renderable: bool


@dataclass(frozen=True)
class Camera:
    shape: str  # full path
    name: str
    renderable: bool


@dataclass(frozen=True)
class ShotRequest:
    """What to render. `layers` are nodes, top first; a preview uses `first` only."""

    folder: str  # gets shot.json and one folder per layer
    camera: str  # Camera.shape
    first: int
    last: int
    layers: tuple[str, ...]
    renderer: str = HARDWARE
    extra: tuple[str, ...] = ()  # of EXTRA_PASSES
    guides: tuple[str, ...] = ()  # of these, what the model only uses: where they come out wrong it paints without
    labels: bool = True  # whether label passes are rendered
    picture: bool = False  # whether the beauty is the picture that the model makes another of
    reference: str = ""  # file whose look is taken over, for models that take one
    width: int | None = None  # None = the scene's
    height: int | None = None
    model: str = ""  # "" = the server's default
    options: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    hold: str = "off"  # one of shared.shot.HOLDS
    white: float | None = None  # light of clay in full light, as it was measured; None = as core.passes supposes
    motion_is: str = ""  # convention of the motion pass, as shot.json has it; "" = as its name says
    name: str = ""  # of the shot; "" = the scene's
    audio: str = ""  # file with the sound that a model follows
    audio_start: int = 0  # frame on which it begins
    consent: Mapping[str, str] = field(default_factory=dict)  # on what ground a face is changed, as in shot.json
    # What the session that asks has: nodes with a class, and its shapes by type. A copy that lacks some is told apart.
    classed: tuple[str, ...] = ()
    shapes: Mapping[str, int] = field(default_factory=dict)
    prims: Mapping[str, str] = field(default_factory=dict)  # of USD -> class; a copy has what is saved of a stage alone


@dataclass(frozen=True)
class Played:
    """How the numbered files of a sequence lie in time."""

    first: int  # number of the first file
    last: int
    start: int  # the frame of the shot that shows the first file


@dataclass(frozen=True)
class PassReport:
    """What was rendered."""

    shot_file: str  # the shot.json to hand to the server
    labels: Mapping[str, str]  # layer name -> label file of the first frame, where labels were rendered
    classes: tuple[str, ...]  # names of the classes that were rendered
    counts: Mapping[str, int]  # policy outcome in words -> objects, such as "gpuCache left out" -> 3
    notes: tuple[str, ...] = ()
    marked_open: tuple[str, ...] = ()  # passes that no real Maya has confirmed yet


@dataclass(frozen=True)
class BatchCommand:
    """A process of Maya without windows that renders the saved copy of a scene."""

    arguments: tuple[str, ...]  # program first
    environment: Mapping[str, str]  # to add to one's own
    request_file: str
    log_file: str  # all that the process prints
    licence: str  # the sentence to show before it starts
    events_file: str  # the lines of core.events that it appends


@dataclass(frozen=True)
class Fix:
    """Something the host can set right by itself."""

    name: str
    label: str  # of the button


@dataclass(frozen=True)
class Finding:
    """Something that would be wrong or missing in the passes of this scene."""

    words: str
    remedy: str
    members: tuple[str, ...] = ()  # to be selected and looked at
    fix: Fix | None = None
    stops: bool = False  # whether a render would be refused


class Host(Protocol):
    """The program that the panel is in."""

    # The scene
    def scene(self) -> Scene: ...
    def settings(self) -> Settings: ...
    def save_settings(self, settings: Settings) -> None: ...
    def remembered(self) -> Mapping[str, Any]:
        """What the panel was set to: for the scene what decides the picture, for the artist the rest."""
        ...

    def remember(self, panel: Mapping[str, Any]) -> None:
        """Keep settings of the panel, JSON values: without an undo step, and the scene is as saved as it was."""
        ...

    def layers(self) -> tuple[Layer, ...]: ...
    def cameras(self) -> tuple[Camera, ...]: ...
    def undo_step(self, name: str) -> AbstractContextManager[None]:
        """Make several calls one undo step."""
        ...

    def watch(self, tell: Callable[[str], None]) -> Callable[[], None]:
        """Be told "scene" (new, opened, reference loaded), "changed" (made, renamed, undone, a set's members),
        "selection", "saved" or "closing"; returns how to stop.

        All but the last two may come often: coalesce.
        """
        ...

    # Classes
    def assignments(self) -> tuple[Assignment, ...]: ...
    def objects(self) -> tuple[SceneObject, ...]:
        """Everything that can be rendered; core.rules and core.suggest work on it. Slow in a large scene."""
        ...

    def prims(self) -> tuple[SceneObject, ...]:
        """The prims of USD that have a class of their own, as things with a name."""
        ...

    def selection(self) -> tuple[str, ...]:
        """The selected members; other things that are selected are left out."""
        ...

    def assign(self, members: Mapping[int, Sequence[str]]) -> Changed:
        """Give members their class; the last action wins, also over what is below a group."""
        ...

    def unassign(self, members: Sequence[str]) -> Changed: ...
    def select(self, members: Sequence[str]) -> None: ...
    def select_class(self, class_id: int) -> int:
        """Select a class's members; returns how many."""
        ...

    def unassigned(self) -> tuple[str, ...]:
        """The nodes of visible things without class."""
        ...

    def export_classes(self, file: str) -> Changed: ...
    def import_classes(self, file: str) -> Changed: ...

    def import_joints(self, file: str, wishes: Wishes) -> Changed:
        """Make the joints of people of a file, or move those that an import before has made; one undo step."""
        ...

    def export_joints(self, file: str, camera: str) -> Changed:
        """Write the joints of people as a tracks file, as they are now; those in space as the camera sees them."""
        ...

    # Looking
    def show_classes(self, on: bool) -> None:
        """Show the palette's colours in the viewport, or the artist's own look again."""
        ...

    def shows_classes(self) -> bool: ...
    def place_picture(self, file: str, camera: str, played: Played | None, color: str) -> str:
        """Put a painted picture, or the first of a sequence, on an image plane; what the artist should know, or ""."""
        ...

    def remove_picture(self, camera: str) -> None: ...
    def project_picture(self, file: str, camera: str, frame: int, members: Sequence[str]) -> int:
        """Throw a painted picture onto members from where the camera stood on a frame; how many shapes it covers."""
        ...

    def unproject_pictures(self) -> int:
        """Take every projection off; how many there were."""
        ...

    def sound(self) -> Sound | None:
        """What the time slider plays."""
        ...

    def sun(self, frame: int) -> Sun | None:
        """Where the sun of the scene stands on a frame; None where no light could be one. Slow with much USD."""
        ...

    def heading(self, camera: str, frame: int) -> float:
        """Where a camera looks on a frame, as core.sun.heading_of."""
        ...

    # Rendering
    def render_preview(self, request: ShotRequest) -> PassReport:
        """The passes of frame `request.first`, in this session, whose scene is not touched."""
        ...

    def prepare_shot(self, request: ShotRequest) -> BatchCommand:
        """Save a copy of the scene as it is now and say which process renders it. The scene stays untouched."""
        ...

    # Repair
    def check_scene(self) -> None:
        """Raises where something of ours was left in the scene, by a crash or an older version, with a fix for it."""
        ...

    def findings(self) -> tuple[Finding, ...]:
        """What would be wrong or missing in a render of this scene, what stops it first. Slow in a large scene."""
        ...

    def fix_for(self, error: SemrenderError) -> Fix | None:
        """What can be set right by a button, or None."""
        ...

    def fix(self, name: str) -> None: ...
