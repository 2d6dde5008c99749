"""maya.cmds of the fake: the flags of typings/maya/cmds.pyi over the state in `scene`. Unknown flags are TypeErrors.

Returns and errors as facts/maya.md 6.6 lists them: None where Maya answers None, [] where it answers a list.
"""

from maya.cmds_caches import *  # noqa: F403
from maya.cmds_keys import *  # noqa: F403
from maya.cmds_models import *  # noqa: F403
from maya.cmds_nodes import *  # noqa: F403
from maya.cmds_render import *  # noqa: F403
from maya.cmds_scene import *  # noqa: F403
from maya.cmds_sets import *  # noqa: F403
from maya.cmds_ui import *  # noqa: F403
from maya.cmds_view import *  # noqa: F403
