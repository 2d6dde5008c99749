/*
 * The layout of the panel: controls and nothing else. Five pages, one of them seen; below them the report and a line of
 * status. It fits a docked panel of 250 x 400 pixels: list and report give way first.
 */
SemrenderAE.view = (function () {
    var kit = SemrenderAE.kit;
    var NAME = 52; // pixels of a name of ours
    var PAGES = ["Shots", "Repaint", "Options", "Walk", "Comp"];
    var TIPS = {
        Shots: "The shots that were painted, and what of them is in the project.",
        Repaint: "Paint the chosen shot once more, otherwise.",
        Options: "What the model is given, and its options.",
        Walk: "Where a generator's picture goes, frame by frame, and what sound leads it.",
        Comp: "Class mattes, normalised clips, and how this panel works."
    };

    /** @param {any} c @param {any} page */
    function shots(c, page) {
        var line = kit.row(page);
        c.find = line.add("edittext", undefined, "");
        c.find.preferredSize = [80, 24];
        c.find.helpTip = "Search: only shots whose name, sequence, folder or state has these words.";
        c.refresh = kit.button(line, "Refresh", "Read all lists again, those of slow shared folders too.");
        c.refresh.alignment = ["right", "center"];
        c.list = page.add("listbox", undefined, [], {
            numberOfColumns: 3, showHeaders: true, columnTitles: ["Shot", "Version", "State"],
            columnWidths: [110, 46, 74], multiselect: true
        });
        c.list.preferredSize = [200, 110];
        c.list.minimumSize = [100, 56];
        c.list.alignment = ["fill", "fill"];
        c.list.helpTip = "Painted shots, newest first. Double-click to show the comp.";
        c.about = kit.words(page, 2, "What painted the chosen shot.");
        line = kit.row(page);
        c.bring = kit.button(line, "Import", "Bring what is chosen into the project, or update what is there. Your edits stay.");
        c.all = kit.button(line, "Update All", "Update every shot of the project that has a newer version.");
        c.dry = kit.button(line, "Dry Run", "Say what Import would change, and change nothing.");
        line = kit.row(page);
        c.beside = kit.button(line, "Beside", "Import the chosen take into a comp of its own, beside the one that is there.");
        c.wipe = kit.button(line, "Wipe", "The chosen take and the one in the project in a comp, with a slider between them.");
        c.older = kit.button(line, "Older", "Put the version or take before this one into the comp.");
        c.newer = kit.button(line, "Newer", "Put the version or take after this one into the comp.");
        c.pin = kit.button(line, "Pin", "The shot stays at this version when all are updated; again: it follows them.");
        line = kit.row(page);
        c.file = kit.button(line, "Import Delivery...", "Choose a delivery.json, wherever it is.");
        c.reveal = kit.button(line, "Reveal", "Show the delivery's folder. After Effects asks first.");
        line = kit.row(page);
        c.watch = kit.button(line, "Watch Folder...", "List the shots of a shared folder too; choose a watched one to leave it.");
        c.relink = kit.button(line, "Relink...", "A delivery was moved: choose its folder, and its footage is found again. No layer is touched.");
    }

    /** @param {any} c @param {any} page */
    function paint(c, page) {
        var line;
        c.subject = kit.words(page, 2, "What is painted again.");
        c.layer = kit.named(page, "Layer:", NAME, "dropdownlist", "Which layer of the delivery is painted otherwise.");
        c.model = kit.named(page, "Model:", NAME, "dropdownlist", "What paints. The list comes from the server.");
        c.seed = kit.named(page, "Seed:", NAME, "edittext", "A whole number from 0. The same seed gives the same painting. Empty: every layer keeps its own.");
        c.hold = kit.named(page, "Hold:", NAME, "dropdownlist", "How still the frames hold.");
        c.scale = kit.named(page, "Scale:", NAME, "dropdownlist", "How large the texture is in the frame; of all layers alike.");
        line = kit.row(page);
        c.preview = kit.button(line, "Preview Frame", "Paint the frame at the current time alone, and show it in the viewer.");
        c.paint = kit.button(line, "Paint", "Paint the whole shot into a new folder beside the delivery.");
        line = kit.row(page);
        c.connect = kit.button(line, "Connect", "Ask the server for its models.");
        c.cancel = kit.button(line, "Cancel", "Stop painting. What is finished stays on disk.");
        c.server = kit.button(line, "Start Server", "Start the semrender server in a window of its own. After Effects asks first.");
        c.bar = page.add("progressbar", undefined, 0, 100);
        c.bar.preferredSize = [100, 8];
        c.bar.helpTip = "How far the painting is; a click in the panel looks.";
    }

    /** @param {any} c @param {any} page */
    function walk(c, page) {
        var line;
        var all;
        c.walk = kit.words(page, 1, "What this page is about.");
        c.ways = kit.row(page);
        c.ways.alignChildren = ["left", "center"];
        c.way = c.ways.add("dropdownlist", undefined, []);
        c.way.preferredSize = [110, 24];
        c.way.helpTip = "Keyframes at their frames or spread evenly over the shot, or a circle without any.";
        c.loop = c.ways.add("checkbox", undefined, "Loop");
        c.loop.helpTip = "The last keyframe leads back to the first; the shot is one turn.";
        all = kit.stack(page);
        c.table = kit.column(all);
        c.keys = c.table.add("listbox", undefined, [], {
            numberOfColumns: 3, showHeaders: true, columnTitles: ["Frame", "Point", "Ease"], columnWidths: [48, 110, 60]
        });
        c.keys.preferredSize = [200, 70];
        c.keys.minimumSize = [100, 44];
        c.keys.alignment = ["fill", "fill"];
        c.keys.helpTip = "The keyframes; choose one to change or remove it.";
        line = kit.row(c.table);
        c.frame = kit.named(line, "Frame:", NAME, "edittext", "Of the keyframe. Empty: the frame you look at.");
        c.ease = kit.named(line, "Ease:", 34, "dropdownlist", "How it is passed: through, at rest, or held until the next.");
        line = kit.row(c.table);
        c.point = kit.named(line, "Point:", NAME, "dropdownlist", "A seed, or a row of a w file, which projection writes.");
        c.number = line.add("edittext", undefined, "");
        c.number.preferredSize = [60, 24];
        c.number.helpTip = "The seed, or the row of the file, from 0.";
        line = kit.row(c.table);
        c.add = kit.button(line, "Add", "One more keyframe, of what the fields say.");
        c.change = kit.button(line, "Change", "The chosen keyframe becomes what the fields say.");
        c.remove = kit.button(line, "Remove", "The chosen keyframe goes.");
        c.circle = kit.column(all);
        c.circleSeed = kit.named(c.circle, "From:", NAME, "edittext", "The first seed of the circle; each wave takes two.");
        c.waves = kit.named(c.circle, "Waves:", NAME, "edittext", "1 to 16: more of them wander farther.");
        c.led = kit.column(page);
        c.drive = kit.named(c.led, "Drive:", NAME, "dropdownlist", "How the sound moves it.");
        c.sound = kit.named(c.led, "Sound:", NAME, "dropdownlist", "The sound of the shot: it leads the walk and lies in the comp.");
    }

    /** @param {any} c @param {any} page */
    function comp(c, page) {
        var line;
        c.matte = page.add("listbox", undefined, [], {multiselect: true});
        c.matte.preferredSize = [200, 90];
        c.matte.minimumSize = [100, 40];
        c.matte.alignment = ["fill", "fill"];
        c.matte.helpTip = "The class mattes of the shot in the active comp; several become one.";
        c.cut = kit.named(page, "Cut by:", NAME, "dropdownlist", "Which channel of the matte cuts, and whether it is turned over.");
        c.use = kit.button(page, "Use on Selected", "The selected layers get the matte; their own edits stay.");
        line = kit.row(page);
        c.half = kit.button(line, "Half Size", "The chosen shots show their half-size pictures, as proxies: they play faster.");
        c.full = kit.button(line, "Full Size", "The chosen shots show their own pictures again.");
        line = kit.row(page);
        c.normalised = kit.button(line, "Normalised...", "The selected layer shows a clip that was normalised: choose its normalised.json. Each person gets a comp to stand still in.");
        c.back = kit.button(line, "Put Back", "What is selected was made on the normalised clip: it goes where the person goes.");
        c.pins = kit.button(line, "Pins", "Puppet pins of the selected layers follow the joints of their names, such as left_wrist.");
        c.restore = page.add("checkbox", undefined, "Restore Deleted Layers");
        c.restore.helpTip = "On: layers of the shot that you deleted come back with the next update.";
        c.same = page.add("checkbox", undefined, "Same Shot from Elsewhere");
        c.same.helpTip = "On: a delivery from another folder is taken for the shot of that name that is in the project.";
        line = kit.row(page);
        c.prefs = kit.button(line, "Preferences...", "Scripting & Expressions: where scripts are allowed to write files and use the network.");
    }

    /** @param {any} window @returns {any} The controls by name; `pages` and `tabs` by title. */
    function build(window) {
        /** @type {any} */
        var c = {pages: {}, tabs: {}};
        var line;
        var all;
        var i;
        window.orientation = "column";
        window.alignChildren = ["fill", "top"];
        window.margins = 8;
        window.spacing = 6;
        line = kit.row(window);
        for (i = 0; i < PAGES.length; i += 1) {
            c.tabs[PAGES[i]] = kit.button(line, PAGES[i], TIPS[/** @type {"Shots"} */ (PAGES[i])]);
        }
        all = kit.stack(window);
        for (i = 0; i < PAGES.length; i += 1) {
            c.pages[PAGES[i]] = kit.column(all);
        }
        shots(c, c.pages.Shots);
        paint(c, c.pages.Repaint);
        c.options = c.pages.Options;
        walk(c, c.pages.Walk);
        comp(c, c.pages.Comp);
        c.report = window.add("edittext", undefined, "", {multiline: true, readonly: true, scrolling: true});
        c.report.preferredSize = [200, 80];
        c.report.minimumSize = [100, 40];
        c.report.alignment = ["fill", "fill"];
        c.report.helpTip = "What changed, and what was kept as you have it.";
        c.status = window.add("statictext", undefined, "Ready", {truncate: "end"});
        c.status.alignment = ["fill", "bottom"];
        return c;
    }

    /** @param {any} c @param {string} title */
    function turn(c, title) {
        var i;
        for (i = 0; i < PAGES.length; i += 1) {
            c.pages[PAGES[i]].visible = PAGES[i] === title;
            c.tabs[PAGES[i]].enabled = PAGES[i] !== title;
        }
    }

    return {build: build, turn: turn, PAGES: PAGES};
}());
