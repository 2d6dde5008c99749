"""mayaUsd.lib: edits of USD in the block are one step of Maya's undo; outside of one they are none [maya-usd]."""

from maya.scene import SCENE

edits = []  # what is to be taken back, while a block is open
open_blocks = 0


class UsdUndoBlock:
    def __enter__(self):
        global open_blocks
        open_blocks += 1
        return self

    def __exit__(self, *_):
        global open_blocks
        open_blocks -= 1
        done = list(edits)
        edits.clear()
        if not done:
            return
        fresh = [True]  # what is done already is not done again

        def redo():
            for one, _ in [] if fresh else done:
                one()
            fresh.clear()

        SCENE.begin("undoBlockCmd")
        SCENE.change(redo, lambda: [undo() for _, undo in reversed(done)])
        SCENE.end()
