"""Mistakes injected into the ExtendScript core, one at a time: the campaign must notice each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest
from campaign import CASES, Case
from fake_host import AfterEffects, Node, core_sources

# (file, what stands there, the mistake)
MISTAKES: list[tuple[str, str, str]] = [
    # index base
    ("project.jsx", "for (i = 1; i <= count; i += 1) {\n            item = items[i];",
     "for (i = 0; i < count; i += 1) {\n            item = items[i];"),
    ("project.jsx", "for (i = 1; i <= count;", "for (i = 1; i < count;"),
    ("layers.jsx", "for (i = 1; i <= count;", "for (i = 1; i < count;"),
    ("layers.jsx", "layer = layers[i];\n            tag", "layer = layers[i - 1];\n            tag"),
    ("mattes.jsx", "for (i = 0; i < all.length; i += 1) {\n            if (all[i].tag",
     "for (i = 1; i < all.length; i += 1) {\n            if (all[i].tag"),
    # names and what the host does not have
    ("footage.jsx", "mainSource.conformFrameRate = planned.fps", "mainSource.conformFps = planned.fps"),
    ("footage.jsx", "item.mainSource.alphaMode = AlphaMode[planned.alpha]", "item.mainSource.hasAlpha = true"),
    ("comps.jsx", "item.displayStartFrame = plan.first", "item.displayStartframe = plan.first"),
    ("layers.jsx", "layer.moveBefore(below)", "layer.moveAbove(below)"),
    ("fields.jsx", '"ADBE Transform Group"', '"Transform"'),
    ("fields.jsx", "opacityOf(layer).setValue(Number(value))", "opacityOf(layer).value = Number(value)"),
    ("comps.jsx", "plan.frames / plan.fps, plan.fps)", "plan.frames / plan.fps)"),
    # order
    ("footage.jsx", "item.mainSource.conformFrameRate = planned.fps;",
     "if (item.usedIn.length > 0) { item.mainSource.conformFrameRate = planned.fps; }"),
    ("footage.jsx", "        source = item.mainSource; // Replacing made a new one.\n", ""),
    ("stack.jsx", "i = comp.planned.length - 1; i >= 0; i -= 1", "i = 0; i < comp.planned.length; i += 1"),
    ("footage.jsx", "options.rangeEnd = planned.last; // The end first: the start may not lie behind it.\n"
     "                options.rangeStart = planned.first;",
     "options.rangeStart = planned.first;\n                options.rangeEnd = planned.last;"),
    ("times.jsx", "if (span.outPoint > layer.outPoint) {", "if (span.outPoint < layer.outPoint) {"),
    ("mattes.jsx", "            if (shown[i].layer.enabled !== shown[i].enabled) {", "            if (false) {"),
    ("mattes.jsx", "        if (layer.hasTrackMatte) {\n            shown", "        if (false) {\n            shown"),
    ("touch.jsx", "        made.selected = false;\n", ""),
    ("touch.jsx", "            before[i].selected = true;\n", ""),
    ("mattes.jsx", "            if (isMatte(layer)) {", "            if (false) {"),
    ("mattes.jsx", "        matte.stretch = shows.stretch;\n", ""),
    ("mattes.jsx", "offset * shows.stretch / 100", "offset"),
    ("mattes.jsx", "        matte.setParentWithJump(shows);\n", ""),
    ("mattes.jsx", "        matte.threeDLayer = shows.threeDLayer;\n", ""),
    ("mattes.jsx", "setValue([shows.width / 2, shows.height / 2, 0])", "setValue([0, 0, 0])"),
    ("mattes.jsx", '["ly"] === undefined && shotOf(fields.uid) === shot', '["ly"] === undefined'),
    ("mattes.jsx", "layer instanceof AVLayer || layer instanceof TextLayer ||", "layer instanceof AVLayer ||"),
    ("project.jsx", 'space === "None"', 'space === "none"'),
    # sounds
    ("plan.jsx", "footage.samples / footage.rate * shot.fps", "footage.samples / footage.rate"),
    ("times.jsx", "(footage.sequence || footage.sound)", "footage.sequence"),
    ("fields.jsx", "layer.audioEnabled = value", "layer.enabled = value"),
    ("layers.jsx", '|| layer.hasVideo) ? "seen" : "heard"', ') ? "seen" : "heard"'),
    ("fields.jsx", "if (known.current[f.key] === undefined) {", "if (false) {"),
    ("footage.jsx", "        if (!planned.sound) {\n            item.pixelAspect",
     "        if (true) {\n            item.pixelAspect"),
    ("footage.jsx", "(planned.sequence || planned.sound)", "planned.sequence"),
    # undo groups and session settings
    ("core.jsx", "        } finally {\n            app.endUndoGroup();\n        }", "        }"),
    ("core.jsx", "            app.endUndoGroup();\n", "            app.endUndoGroup();\n app.endUndoGroup();\n"),
    ("core.jsx", "        app.beginUndoGroup(words);\n", ""),
    ("core.jsx", "                app.endSuppressDialogs(false);\n", ""),
    ("core.jsx", "                app.disableRendering = rendering;\n", ""),
    # times
    ("times.jsx", "footage.start - work.origin", "footage.start"),
    ("times.jsx", "layer.startTime = span.start;", "layer.startTime = span.inPoint;"),
    ("times.jsx", "Math.min(Math.max(0, -start), files - 1)", "0"),
    ("times.jsx", "        if (layer.startTime !== span.start) {", "        if (span.start !== 0) {"),
    ("times.jsx", "(frames.st + frames.to) / fps", "frames.to / fps"),
    ("merge.jsx", "var start = wanted.start + (slid ? offset : 0)", "var start = wanted.start"),
    ("merge.jsx", "(ownIn === undefined) ? inPoint", "true ? inPoint"),
    ("merge.jsx", "(ownOut === undefined) ? outPoint", "true ? outPoint"),
    ("times.jsx", "(result.ownIn === undefined) ? String", "true ? String"),
    ("merge.jsx", "if (Math.abs(at - own.stood) <= near) {", "if (false) {"),
    ("comps.jsx", "duration.write && frames > Number", "duration.write && frames !== Number"),
    ("core.jsx", 'work.origin = (work.shot.tag["sf"] === undefined)', "work.origin = (true)"),
    # the merge
    ("merge.jsx", "if (untouched) {", "if (true) {"),
    ("merge.jsx", "var untouched = last !== undefined && equal(last, current)", "var untouched = last !== undefined"),
    ("merge.jsx", "kept: true, last: last}", "kept: true, last: wanted}"),
    ("merge.jsx", "kept: false, last: wanted};\n        }\n        if (untouched)",
     "kept: false, last: last};\n        }\n        if (untouched)"),
    ("fields.jsx", "opacity.numKeys > 0", "opacity.numKeys > 1"),
    # what is ours and what is not
    ("footage.jsx", "        if (!ours(known)) {", "        if (false) {"),
    ("project.jsx", "list[at - 1].id > id", "list[at - 1].id < id"),
    ("comps.jsx", "work.restoreDeleted || !held", "true"),
    ("comps.jsx", 'fields["had"] = had.join("")', 'fields["had"] = ""'),
    ("comps.jsx", "(inMattes ? used[key] : !aside[key])", "!aside[key]"),
    ("layers.jsx", 'tag.uid.indexOf(shot + "/L/") === 0', "true"),
    ("stack.jsx", '!SemrenderAE.plan.among(done, tags.pack(effect.matchName))', "true"),
    ("touch.jsx", "        known.layer.locked = false;\n", ""),
    ("touch.jsx", "            known.layer.locked = true;\n", ""),
    ("stack.jsx", 'if (known.current["lb"] === fields["lb"]) {', "if (true) {"),
    # files
    ("footage.jsx", 'path.replace(/%/g, "%25")', "path"),
    ("footage.jsx", "if (!work.dry && planned.sequence) {", "if (!work.dry && !source.isStill) {"),
    ("footage.jsx", "item.replaceWithSequence(file, false)", "item.replace(file)"),
    ("footage.jsx", "samePlace && String(planned.frames) === String(known.tag[\"n\"]) &&", "samePlace &&"),
    ("footage.jsx", "options.sequence = planned.sequence", "options.sequence = true"),
    ("footage.jsx", "            if (work.fresh) {\n", "            if (true) {\n"),
    ("footage.jsx", "item.remove(); // The folder", "// The folder"),
    # takes
    ("takes.jsx", "id.slice(0, 19) < other", "id.slice(0, 19) > other"),
    ("takes.jsx", "known[i].deliveryId === entry.deliveryId", "false"),
    ("takes.jsx", "value === from || ", ""),
    ("takes.jsx", "/^(uid|parent|layer)$/", "/^(uid|layer)$/"),
    ("takes.jsx", "parentOf(before) === parentOf(work.folder)", "before === work.folder"),
    ("takes.jsx", 'work.plan.uid.split("/").length > 2', "false"),
    ("takes.jsx", 'work.plan.uid.split("/").length > 2', 'work.plan.uid.split("/").length > 1'),
    ("takes.jsx", "same || work", "work"),
    ("takes.jsx", 'while (known !== null && known.tag["d"]', 'while (false && known.tag["d"]'),
    ("takes.jsx", 'known.tag["d"] !== tags.pack(delivery.delivery_id) &&', ""),
    ("takes.jsx", '!samePlace(folderOf(found, delivery.shot.uid + "@" + name), folder)', "true"),
    ("core.jsx", "{take: SemrenderAE.takes.beside(delivery, shots())}", "{}"),
    ("takes.jsx", "return a.version - b.version;", "return b.version - a.version;"),
    ("core.jsx", "options.sameShot === true", "false"),
    ("core.jsx", "            tellBefore(work);\n", ""),
    ("touch.jsx", "if (known.dry) {", "if (false) {"),
    ("footage.jsx", "if (!work.dry && planned.sequence) {", "if (planned.sequence) {"),
    ("footage.jsx", "layer.source.id === old.id", "false"),
    ("footage.jsx", "        item.comment = old.comment;\n", ""),
    ("comps.jsx", 'if (comp.tag["pin"] !== undefined) {', "if (false) {"),
    # proxies
    ("proxies.jsx", "item.proxySource !== null && !isOurs", "false"),
    ("proxies.jsx", "            one.setProxyToNone();\n", ""),
    ("proxies.jsx", 'new File(said.replace(/%/g, "%25")).exists', "true"),
    ("proxies.jsx", "            one.useProxy = on;\n", "            one.useProxy = !on;\n"),
    ("proxies.jsx", "        item.proxySource.conformFrameRate = Number(tag[\"fps\"]);\n", ""),
    ("footage.jsx", "            if (others) {\n", "            if (false) {\n"),
    # groups, a wipe
    ("groups.jsx", "layer.blendingMode = BlendingMode.ALPHA_ADD;", ""),
    ("groups.jsx", "uids.slice(0).sort()", "uids"),
    ("groups.jsx", "(Number(list[i].tag[\"f0\"]) - range.first) / fps", "0"),
    ("groups.jsx", "comp.layer(i).outPoint = frames / fps;", ""),
    ("core.jsx", "                SemrenderAE.groups.grow(work);\n", ""),
    ("compare.jsx", 'setValue(50)', "setValue(0)"),
    ("compare.jsx", "if (there === null) {", "if (true) {"),
    # tags
    ("tags.jsx", "if (find(after) !== null) {", "if (true) {"),
    ("tags.jsx", 'exchange(name, value, "", layersOf(fields.uid))', "value"),
    # mattes
    ("mattes.jsx", "layer.moveToEnd();", ""),
    ("mattes.jsx", "        layer.locked = false;\n", ""),
    ("plan.jsx", "MATTES_IN_COMP = 12", "MATTES_IN_COMP = 11"),
    ("mattes.jsx", "layer.removeTrackMatte();", "layer.setTrackMatte(layer, TrackMatteType.NO_TRACK_MATTE);"),
    # colours, versions, speed
    ("project.jsx", "if (empty && list.length > 0) {", "if (list.length > 0) {"),
    ("project.jsx", '(wanted.color.mode === "ocio" && wanted.bits_per_channel === 16) ? 32 :', "false ? 32 :"),
    ("core.jsx", "var OLDEST = 23;", "var OLDEST = 22;"),
    ("core.jsx", "item = SemrenderAE.footage.bring(work,",
     "work.found = SemrenderAE.project.index();\n            item = SemrenderAE.footage.bring(work,"),
    # what moves
    ("moving.jsx", "layer.autoOrient = AutoOrientType.NO_AUTO_ORIENT;", ""),
    ("moving.jsx", 'layer.threeDLayer = moves.kind === "null_3d";', ""),
    ("moving.jsx", "known[0].layer.setParentWithJump(parent[0].layer);", "known[0].layer.parent = parent[0].layer;"),
    ("moving.jsx", "                property.removeKey(i);\n", ""),
    ("moving.jsx", "(moves.first + i - work.origin) / work.plan.fps", "i / work.plan.fps"),
    ("moving.jsx", "work.plan.fps + work.origin) * 100", "work.plan.fps) * 100"),
    ("moving.jsx", "if (before.count > 0 && apart !==", "if (false && apart !=="),
    ("moving.jsx", "            property.dimensionsSeparated = true;\n", ""),
    ("moving.jsx", "if (span === null || (frame >= span.first", "if (true || (frame >= span.first"),
    ("moving.jsx", "if (span !== null && (frame < span.first", "if (false && (frame < span.first"),
    ("moving.jsx", "if (!keyed && property.numKeys === 0) {", "if (!keyed) {"),
    ("moving.jsx", "} else if (frames[found] === frame) {", "} else if (found < frames.length) {"),
    ("moving.jsx", "(last !== undefined && wanted === last + \".\" + moves.first)", "false"),
    ("moving.jsx", "            return null;\n        }\n        if (before.count > 0) {",
     "        }\n        if (before.count > 0) {"),
    ("moving.jsx", "            ends.push(Number(before.first), Number(before.first) + before.count - 1);\n", ""),
    ("moving.jsx", "            ends.push(moves.first, moves.first + rows - 1);\n", ""),
    ("moving.jsx", "            layer.source.pixelAspect = comp.item.pixelAspect;\n", ""),
    ("markers.jsx", "- layer.startTime) *", ") *"),
    ("markers.jsx", "times.push(layer.startTime + ", "times.push("),
    ("markers.jsx", "            value.setParameters(parameters);\n", ""),
    ("markers.jsx", "one.last - one.first + 1", "one.last - one.first"),
    ("markers.jsx", "        list = without(list, found.taken);\n", ""),
    ("markers.jsx", "                    found.property.removeKey(found.keys[i]);\n", ""),
    ("markers.jsx", "            h = mix(mix(h, Math.floor(list[i].at * 100 + 0.5)), list[i].frames);",
     "            h = mix(h, Math.floor(list[i].at * 100 + 0.5));"),
    ("markers.jsx", "                h = mix(h, list[i].words.charCodeAt(k));\n", ""),
    ("markers.jsx", "Math.round(value.duration * work.plan.fps)", "value.duration * work.plan.fps"),
    ("stack.jsx", "                SemrenderAE.markers.merge(work, list[k], planned, fields);\n", ""),
    ("moving.jsx", "if (property === null) {", "if (false) {"),
    ("moving.jsx", "SemrenderAE.touch.change(known, function () {\n"
     "                write(work, moves, property, rows, last);",
     "SemrenderAE.touch.change({layer: known.layer, locked: false}, function () {\n"
     "                write(work, moves, property, rows, last);"),
    # the visible label
    ("notice.jsx", "        document.applyFill = true;\n        document.fillColor = [1, 1, 1];\n", ""),
    ("notice.jsx", "        property.setValue(document);\n        layer", "        layer"),
    ("notice.jsx", "        document.text = words;\n        property.setValue(document);", ""),
    ("notice.jsx", "comp.item.height * BASE", "comp.item.height"),
    ("stack.jsx", "(item || planned.footage === null)", "(item || planned.moves !== null)"),
    ("core.jsx", "                if (work.plan.layers[i].footage !== null) {", "                if (true) {"),
    ("layers.jsx", " ||\n                    layer instanceof TextLayer)", ")"),
    ("layers.jsx", '            of = "read";\n', ""),
    ("plan.jsx", "        for (i = 0; i < notices.length; i += 1) {", "        for (i = 0; i < 0; i += 1) {"),
    # puppet pins
    ("pins.jsx", '.replace(/"/g, "\\\\\\"")', ""),
    ("pins.jsx", "name.toLowerCase()", "name"),
    ("pins.jsx", 'place.expression !== "" && place.expression.indexOf(OURS) !== 0', "false"),
    ("pins.jsx", "} else if (place.expression !== wanted) {", "} else {"),
    ("pins.jsx", "all = (chosen.length > 0) ? chosen : all;", ""),
    ("pins.jsx", "return (all.length === 1) ? all[0] : null;", "return all[0] || null;"),
    ("pins.jsx", "=== WITHOUT_PLACE", "=== 0"),
    ("pins.jsx", "} else if (layer.locked) {", "} else if (false) {"),
    ("pins.jsx", "        if (count === 0) {", "        if (false) {"),
    # normalised clips
    ("template.jsx", "                one.source.pixelAspect = 1;", "                "),
    ("template.jsx", "            added.setParentWithJump(layer);\n", ""),
    ("template.jsx", "anchor: times(keys.anchor, layer.width / template.width, larger)", "anchor: keys.anchor"),
    ("template.jsx", "scale: times(keys.scale, 1 / larger, 1 / larger)", "scale: keys.scale"),
    ("template.jsx", "position: times(keys.position, layer.width / template.width, larger)", "position: keys.position"),
    ("template.jsx", "scale: times(keys.scale, larger, larger)", "scale: keys.scale"),
    ("template.jsx", "template.first - layer.startTime * template.fps", "template.first"),
    ("template.jsx", "if (Math.abs(made.layer.startTime - span.start) > 0.05 / template.fps) {", "if (false) {"),
    ("template.jsx", "            made.layer.startTime = 0;\n", ""),
    ("template.jsx", "            comp.displayStartFrame = template.first;\n", ""),
    ("template.jsx", "            SemrenderAE.times.set(added, span);\n", ""),
    ("template.jsx", "layer.nullLayer || ", ""),
    ("template.jsx", "layer.stretch !== 100 || ", ""),
    ("template.jsx", " || layer.threeDLayer) {\n            report.fail(result, \"layer\", about, \"start\"",
     ") {\n            report.fail(result, \"layer\", about, \"start\""),
    ("template.jsx", "layer.timeRemapEnabled || ", ""),
    ("template.jsx", "if (Math.abs(layer.width * layer.source", "if (false && Math.abs(layer.width * layer.source"),
    ("template.jsx", "return (all.length === 1) ? all[0] : null;", "return all[0] || null;"),
    ("template.jsx", "            if (isBack(layer) || ", "            if ("),
    ("template.jsx", "            layer.setParentWithJump(target);\n", "            layer.parent = target;\n"),
    ("template.jsx", "if (one.numKeys > 0 || ", "if (false && "),
    ("template.jsx", "            if (isCanvas(layer, middle)) {", "            if (false) {"),
    ("template.jsx", "comp = SemrenderAE.mattes.activeComp(); // before", "comp = app.project.activeItem; // before"),
    ("layers.jsx", "(layer instanceof AVLayer || layer instanceof CameraLayer ||", "(layer instanceof AVLayer ||"),
    ("stack.jsx", "        SemrenderAE.moving.link(comp);\n", ""),
    ("plan.jsx", "!tracks[i] || ", ""),
]  # fmt: skip


# How many mistakes a scenario noticed, in one file and ("") in all: the one that sees most is asked first.
NOTICED: Counter[tuple[str, str]] = Counter()
OWN = {
    "moving.jsx": "scenarios_tracks",
    "markers.jsx": "scenarios_tracks",
    "template.jsx": "scenarios_template",
    "notice.jsx": "scenarios_notice",
    "pins.jsx": "scenarios_pins",
    "mattes.jsx": "scenarios_mattes",
    "proxies.jsx": "scenarios_takes",
    "groups.jsx": "scenarios_mattes",
    "compare.jsx": "scenarios_takes",
    "takes.jsx": "scenarios_takes",
    "times.jsx": "scenarios_artist",
}  # the scenarios of a file: asked before all others


def noticed(open_host: Callable[..., AfterEffects], file: str = "") -> str:
    """A scenario that fails, or ""."""

    def rank(case: Case) -> tuple[bool, int, int]:
        own = OWN.get(file) == case.function.__module__
        return not own, -NOTICED[file, str(case)], -NOTICED["", str(case)]

    for case in sorted(CASES, key=rank):
        try:
            case.run(open_host)
        except (AssertionError, KeyError, ValueError, StopIteration, IndexError):
            NOTICED.update({(file, str(case)), ("", str(case))})
            return str(case)
    return ""


@pytest.mark.parametrize("number", range(len(MISTAKES)), ids=lambda n: f"{MISTAKES[n][0]}-{n}")
def test_mistake_is_noticed(node: Node, number: int) -> None:
    file, right, wrong = MISTAKES[number]
    sources = dict(core_sources())
    assert sources[file].count(right) == 1, f"{right!r} stands {sources[file].count(right)} times in {file}"
    sources[file] = sources[file].replace(right, wrong)
    assert noticed(partial(AfterEffects, node, sources), file), f"no scenario notices: {right} -> {wrong}"


def test_without_a_mistake_nothing_is_noticed(node: Node) -> None:
    assert noticed(partial(AfterEffects, node)) == ""


def test_there_are_enough() -> None:
    assert len(MISTAKES) >= 30
