/** Every word that the page says, in English. A translation is another file like this one. */

/** @param {number} n @param {string} one @param {string} [many] */
export const count = (n, one, many = `${one}s`) => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;

export const WORDS = {
    name: "semrender",
    parts: /** @type {Record<string, string>} */ ({queue: "Queue", look: "Look", paint: "Paint", models: "Models"}),
    navigation: "Parts of the desk",
    theme: "Light or dark",
    keys: "Keys",
    keysTitle: "Keys of this page",
    close: "Close",
    undo: "Undo",
    cancel: "Cancel",
    ok: "OK",
    loading: "Loading …",
    dismiss: "Dismiss this message",
    deskGone: "The desk does not answer. It was closed, or its machine is out of reach. Run `semrender desk` again.",
    stopped: "It was stopped.",
    serverBack: "The server is back; what was painted is kept.",
    starting: "Looking for the server …",
    /** @param {number} status */
    noAnswer: (status) => `The desk answered with the number ${status} and no words.`,
    /** @param {string} device @param {string} free */
    serverLine: (device, free) => `${device} · ${free} free`,
    noDevice: "no device is ready",

    // The queue
    queue: {
        title: "Jobs",
        find: "Find a job by its name or who asked",
        findShort: "Find …",
        show: "Which jobs",
        shown: /** @type {Record<string, string>} */ ({
            all: "All",
            active: "Active",
            failed: "Failed",
            done: "Done",
            cancelled: "Cancelled",
        }),
        empty: "No job has been asked for yet.",
        begin: "Paint something",
        emptyHint: "Jobs of Maya, After Effects, the command line and this page appear here.",
        none: "No job fits.",
        /** @param {number} n */
        jobs: (n) => count(n, "job"),
        states: /** @type {Record<string, string>} */ ({
            waiting: "waiting",
            checking: "checking",
            painting: "painting",
            delivering: "delivering",
            paused: "paused",
            done: "done",
            failed: "failed",
            cancelled: "cancelled",
        }),
        /** @param {number} done @param {number} total */
        progress: (done, total) => `${done.toLocaleString("en")} of ${count(total, "frame")}`,
        /** @param {number} done @param {number} total */
        looks: (done, total) => `looks at the frames first: ${done.toLocaleString("en")} of ${total.toLocaleString("en")}`,
        /** @param {number} n */
        machines: (n) => count(n, "machine"),
        /** @param {number} n */
        failed: (n) => `${n.toLocaleString("en")} failed`,
        /** @param {number} n */
        priority: (n) => `priority ${n}`,
        /** @param {string} rate */
        rate: (rate) => `${rate} frames/s`,
        /** @param {string} time */
        left: (time) => `about ${time} left`,
        /** @param {string} time */
        took: (time) => `took ${time}`,
        /** @param {string} time */
        since: (time) => `for ${time}`,
        pause: "Pause",
        resume: "Resume",
        stop: "Cancel job",
        again: "Paint again",
        againHint: "Ask for the same once more: what is painted is kept, only the rest is painted",
        look: "Look",
        up: "Sooner",
        down: "Later",
        back: "All jobs",
        cancelled: "The job was cancelled; what is finished stays.",
        resumed: "It goes on.",
        pausedNow: "No more of its frames are begun.",
        moved: "The order was changed.",
        asked: "Asked for",
        /** @param {string} name */
        endedDone: (name) => `${name} is painted.`,
        /** @param {string} name @param {number} n */
        endedFailed: (name, n) => `${name} has ended: ${n ? `${count(n, "frame")} failed` : "it was refused"}.`,
        /** @param {string} name */
        endedCancelled: (name) => `${name} was cancelled.`,
        /** @param {string} name */
        stopped: (name) => `${name} waits`,
        notify: "Notify me",
        notifyOn: "You are told when a job ends or stops",
        notifyOff: "Be told by the browser when a job ends or stops",
        notifyRefused: "This browser does not allow notifications of this page; its settings of the site say so.",
        /** @param {number} n @param {number} failed */
        away: (n, failed) =>
            `While this page was closed ${count(n, "job")} ended${failed ? `, ${failed.toLocaleString("en")} of them with failed frames` : ""}.`,
        dragHint: "Drag a waiting job, or press Alt and an arrow, to have it sooner or later.",
        of: "by",
    },

    // A job
    job: {
        layers: "Layers",
        frames: "Frames",
        /** @param {string} layer */
        map: (layer) => `Frames of the layer ${layer}`,
        /** @param {Record<string, number>} n */
        mapSays: (n) =>
            [
                n.finished && `${n.finished.toLocaleString("en")} finished`,
                n.running && `${n.running.toLocaleString("en")} in hand`,
                n.waiting && `${n.waiting.toLocaleString("en")} to do`,
                n.failed && `${n.failed.toLocaleString("en")} failed`,
                n.cancelled && `${n.cancelled.toLocaleString("en")} not painted`,
            ]
                .filter(Boolean)
                .join(", "),
        letters: /** @type {Record<string, string>} */ ({
            w: "to do",
            r: "in hand",
            p: "painted",
            k: "was there",
            c: "copied",
            f: "failed",
            x: "not painted",
        }),
        follow: "Follow the newest frame",
        /** @param {number} frame @param {string} state */
        frame: (frame, state) => `Frame ${frame}: ${state}`,
        machines: "Machines",
        machine: {name: "Machine", done: "Frames painted", hand: "In hand", state: "State"},
        machineStates: /** @type {Record<string, string>} */ ({painting: "painting", waiting: "nothing of this job", left: "has left"}),
        failures: "Failed frames",
        refused: "Why nothing was painted",
        warnings: "What the check noticed",
        failure: {layer: "Layer", frame: "Frame", what: "What happened", remedy: "What to do"},
        /** @param {number} n */
        moreFailures: (n) => `and ${n.toLocaleString("en")} more`,
        log: "Log",
        logAgain: "Read it again",
        logEmpty: "No line of the log names this job.",
        asked: "What was asked",
        facts: {
            asked: "asked",
            owner: "by",
            passes: "passes",
            out: "output",
            frames: "frames",
            size: "size",
            format: "format",
            model: "model",
            job: "job",
            began: "began",
            ended: "ended",
        },
        gone: "The server does not know this job any more.",
        choose: "Choose a job to see its frames.",
    },

    // The machine
    machine: {
        title: "Machine",
        workers: "Workers",
        device: "Device",
        state: "State",
        memory: "Memory",
        hand: "In hand",
        ready: "ready",
        starting: "starting",
        idle: "nothing",
        farm: "Machines of the farm",
        machine: "Machine",
        disks: "Disks",
        /** @param {string} free @param {string} total */
        free: (free, total) => (total ? `${free} of ${total} free` : `${free} free`),
        main: "memory",
        /** @param {string} used */
        used: (used) => `${used} taken`,
        /** @param {string} free @param {string} total */
        card: (free, total) => `card: ${free} of ${total} free`,
        /** @param {number} n */
        deaths: (n) => `${count(n, "worker")} died since the server was started`,
        server: "Server",
        elsewhereTitle: "From another machine",
        elsewhere:
            "The desk answers on this machine alone. To open it from another one, make an SSH tunnel there and open the address that `semrender desk` printed here in its browser:",
    },

    // The models
    models: {
        title: "Models",
        add: "Add a model …",
        addTitle: "Add a model",
        addHint:
            "A model's folder with its card.json, as `semrender train` makes it, or a published file: a generator (StyleGAN, .pkl), a SPADE checkpoint (latest_net_G.pth), a network of people's joints (.onnx); or joints that another program read (.json). No code in it is run.",
        path: "Folder or file on this machine",
        name: "Name",
        nameHint: "of a file; a folder brings its own",
        labelSet: "Label set",
        labelSetHint: "that a SPADE checkpoint was trained on, which needs it",
        detector: "Detector",
        detectorHint: "a file that finds people for a pose network",
        lift: "Lifting",
        liftHint: "a file that makes points in space of a pose network's joints",
        licence: "Licence",
        adding: "Adding: its weights are checked …",
        /** @param {string} name */
        added: (name) => `${name} was added.`,
        remove: "Remove",
        /** @param {string} name */
        removed: (name) => `${name} was removed.`,
        /** @param {string} name */
        restored: (name) => `${name} is back.`,
        ships: "ships with semrender",
        takes: "Takes",
        makes: "Makes",
        size: "Native size",
        classes: "Classes",
        options: "Options",
        credit: "Credit",
        data: "Learnt from",
        family: "Family",
        weights: "Weights",
        broken: "Cannot be used",
        /** @param {string} title */
        sampleOf: (title) => `Samples of ${title}`,
        /** @param {number} n */
        learnt: (n) => `${n.toLocaleString("en")} were seen in training`,
        painting: "Painting a sample of every look …",
        noSample: "No sample can be painted",
        paintSamples: "Paint samples",
        find: "Find a model",
        agreeTitle: "Before the first use",
        /** @param {string} title */
        agree: (title) => `${title} comes under this licence. It binds whoever uses what the model paints.`,
        agreed: "I have read it",
        agreedAlready: "read",
        fit: /** @type {Record<string, string>} */ ({
            stretch: "labels are stretched to it",
            multiple: "paints the pass's own size",
        }),
        paintWith: "Paint with it",
        needed: "needed",
        ifThere: "used where it is there",
        kind: /** @type {Record<string, string>} */ ({pictures: "pictures", joints: "joints"}),
        alpha: "pictures with an alpha of their own",
    },

    // The viewer
    look: {
        path: "A folder, delivery.json, clip or picture on this machine",
        pathHint: "/shows/sh020 or /shows/sh020/delivery.json or a clip",
        open: "Open",
        openOther: "Open another folder or clip to compare",
        opened: "Opened",
        other: "Look at something else",
        nothing: "Nothing has been painted yet. Open a folder, or look here again when a job has its first frame.",
        unreadable: "The picture cannot be shown: it did not come whole, or the browser cannot read it.",
        stage: "Picture: wheel or + and - zoom, drag or Shift and arrows pan",
        tools: "What is shown",
        transport: "Playing",
        scrub: "Frame",
        frame: "Frame number",
        space: "Space",
        sides: ["A: what is looked at", "B: what it is compared with"],
        compare: "Compare",
        modes: /** @type {Record<string, string>} */ ({a: "A", b: "B", wipe: "Wipe", side: "Side by side", difference: "Difference"}),
        modeWords: /** @type {Record<string, string>} */ ({
            a: "A alone",
            b: "B alone",
            wipe: "A wipe between A and B",
            side: "A and B side by side",
            difference: "What differs between A and B",
        }),
        wipeAt: "Place of the wipe, percent",
        swap: "⇄",
        swapWords: "Change A for B",
        zoom: "Zoom",
        zoomIn: "Larger",
        zoomOut: "Smaller",
        whole: "1:1 — one pixel for one",
        fit: "Fit",
        sheet: "Contact sheet",
        /** @param {number} frame */
        sheetOf: (frame) => `Every look at frame ${frame}`,
        oneLook: "There is one look of this shot. The same shot with another seed, model or option goes into a take beside it, and is seen here then.",
        thisOne: "this one",
        asA: "Look at it (A)",
        asB: "Compare with it (B)",
        movie: "Movie",
        movieHint: "Keep the movie of the delivery",
        folder: "Folder",
        takes: "Other takes",
        kinds: /** @type {Record<string, string>} */ ({
            painting: "Painting",
            layer: "Layer",
            under: "Frame by frame",
            labels: "Labels",
            beauty: "Beauty",
            picture: "Picture",
            matte: "Matte",
        }),
        letters: /** @type {Record<string, string>} */ ({
            w: "not there yet",
            r: "in hand",
            p: "painted",
            k: "was there",
            c: "copied",
            f: "failed",
            x: "not painted",
            "-": "not part of it",
        }),
        /** @param {number} frame @param {string} state */
        lacks: (frame, state) => `Frame ${frame}: ${state}`,
        /** @param {number} frame */
        notThere: (frame) => `frame ${frame} is not there`,
        play: "Play",
        pause: "Stop",
        toFirst: "First frame",
        toLast: "Last frame",
        before: "One frame back",
        after: "One frame on",
        loop: "Loop",
        sound: "Sound",
        soundHint: "Hear the sound while it plays forwards at its rate",
        every: "Every frame",
        everyHint: "Show every frame, however long it takes; else the shot's rate is kept and what is late is dropped",
        /** @param {number} fps */
        fps: (fps) => `${fps} fps`,
        /** @param {number} fps @param {string} real @param {number} dropped */
        rate: (fps, real, dropped) => `${real} of ${fps} fps · ${dropped} dropped`,
        /** @param {number} fps @param {number} dropped */
        stood: (fps, dropped) => `${fps} fps · ${count(dropped, "frame")} dropped`,
        /** @param {number} from @param {number} to */
        part: (from, to) => `${from}–${to} of it`,
        pointHint: "",
        /** @param {number} x @param {number} y @param {number[]} rgb @param {number} alpha */
        pixel: (x, y, rgb, alpha) => `${x}, ${y}  ${rgb.join(" ")}${alpha < 255 ? ` α ${alpha}` : ""}`,
        outside: "outside the layers",
        /** @param {number} id @param {string} hex @param {string} layer */
        classIs: (id, hex, layer) => `${id} ${hex} in ${layer}`,
        keys: {
            play: "Play or stop",
            forwards: "Play",
            backwards: "Play backwards",
            tenBack: "Ten frames back",
            tenOn: "Ten frames on",
            jump: "Go to a frame by its number",
            from: "Play from here",
            to: "Play up to here",
            all: "Play all frames",
            next: "The next picture: layers, labels, passes, takes",
            previous: "The picture before",
            wipeLeft: "Wipe to the left",
            wipeRight: "Wipe to the right",
            fit: "Fit the picture into the window",
            pan: "Move the picture",
            point: "The class in the middle of the view",
        },
    },

    // Painting
    paint: {
        drop: "Drop passes here",
        dropHint: "Label frames, a Cryptomatte with its table of names, a clip, or a folder with a shot.json. Files are copied; a long sequence is better named by its path.",
        chooseFiles: "Choose files …",
        chooseFolder: "Choose a folder …",
        example: "Use the shipped shot",
        exampleName: "The shipped shot: ride the train",
        path: "A folder, pattern, clip or shot.json on this machine",
        pathHint: "/shows/sh020 or /shows/sh020/label.####.png or a clip",
        open: "Open",
        opening: "Looking at what is there …",
        /** @param {string} model */
        paintingWith: (model) => `What is opened now is painted with ${model}, if it has what that takes.`,
        fps: "Frames a second",
        fpsHelp: "Of the comp and the movie: 24, 23.976, 24000/1001",
        openWithRate: "Open it at this rate",
        /** @param {import("./paint/drop.js").Way} way */
        copying: ({files, of, bytes, ofBytes, seconds, again}) => {
            const left = bytes && seconds > 2 ? (seconds / bytes) * (ofBytes - bytes) : 0;
            const rest = again ? ", the line broke and is tried again …" : left >= 1 ? `, about ${WORDS.time(left)} left` : " …";
            return `${files.toLocaleString("en")} of ${count(of, "file")} copied, ${WORDS.size(bytes)} of ${WORDS.size(ofBytes)}${rest}`;
        },
        notCopied: "Nothing was kept of it.",
        /** @param {number} n @param {number} of */
        keptSoFar: (n, of) => `${n.toLocaleString("en")} of ${count(of, "file")} are there. When the desk answers again, the others can follow.`,
        goOn: "Go on",
        /** @param {string} first @param {number} n */
        several: (first, n) => `${first} and ${count(n - 1, "more", "more")}`,
        recent: "Painted from before",
        other: "Paint from something else",
        colours: "Which colour is which class?",
        swatches: "Colours",
        labelSet: "Label set",
        palette: "Palette",
        findClass: "Find a class by its name, number or colour",
        noClass: "No class fits.",
        /** @param {number} n */
        copyHint: (n) => `${count(n, "class", "classes")}; press one to copy its colour.`,
        /** @param {string} code @param {string} name */
        copied: (code, name) => `${code}, the colour of ${name}, was copied.`,
        never: "never annotated",
        /** @param {number} n */
        alike: (n) => `${count(n, "pair")} of colours cannot be told apart, or hardly`,
        settings: "What it is painted with",
        what: "What the pictures are",
        kinds: /** @type {Record<string, string>} */ ({labels: "Labels", picture: "Pictures to be painted over"}),
        model: "Model",
        broken: "cannot be used",
        /** @param {string} set */
        classesOf: (set) => `knows the classes of ${set}`,
        /** @param {string} text */
        licence: (text) => `Licence: ${text}.`,
        seed: "Seed",
        seedHelp: "Another seed is another texture; it is the same on every frame",
        hold: "Hold still",
        holdHelp: "How still the texture holds while things move; a tried frame is painted by itself",
        holds: /** @type {Record<string, string>} */ ({off: "Off", gentle: "Gentle", strong: "Strong"}),
        scale: "Texture",
        scaleHelp: "How large the texture is in the frame",
        scales: /** @type {Record<string, string>} */ ({"": "at the pass's size", fine: "fine", medium: "medium", coarse: "coarse"}),
        further: "Further passes and sound",
        inputs: /** @type {Record<string, string>} */ ({
            reference: "Reference picture",
            picture: "Picture",
            normal: "Normals",
            depth: "Depth",
            motion: "Motion",
            instance: "Instances",
            shading: "Shading",
            beauty: "Beauty",
            audio: "Sound",
        }),
        audioHelp: "Of the movie and the comp: any file that has some, or none",
        differs: "another one in each layer",
        file: "a file",
        pattern: "a folder or pattern",
        reading: "How the label passes are read",
        read: /** @type {Record<string, string>} */ ({
            mode: "Soiled pixels",
            encoding: "Encoding",
            palette_png: "Palette picture",
            palette: "Palette",
            exr_layer: "EXR layer",
            crypto: "Cryptomatte",
            uncovered: "Class of what no object covers",
        }),
        readAs: /** @type {Record<string, string>} */ ({
            strict: "are refused (strict)",
            nearest: "take the nearest class (nearest)",
            "": "is found out",
            index: "its pixels are ids (index)",
            colour: "colours (colour)",
            ids: "ids",
            cryptomatte: "Cryptomatte",
        }),
        readHelp: /** @type {Record<string, string>} */ ({
            mode: "--mode on the command line",
            encoding: "--encoding on the command line",
            palette_png: "--palette-png on the command line",
            palette: "--palette on the command line; else the one under which every pixel is a class",
            exr_layer: "--exr-layer on the command line",
            crypto: "--crypto on the command line: material, object, asset",
            uncovered: "--uncovered on the command line",
        }),
        picture: "A frame",
        stage: "The pass and what was tried of it: wheel or + and - zoom, drag pans; a click finds the class in the table",
        modes: /** @type {Record<string, string>} */ ({a: "Pass", b: "Painting", wipe: "Wipe", side: "Side by side"}),
        slide: "The frame that is looked at",
        layerShown: "Which layer is shown",
        allLayers: "All layers",
        notTried: "Not tried yet",
        /** @param {number} frame */
        tryIt: (frame) => `Try frame ${frame}`,
        tryHint: "Paint this one frame",
        /** @param {number} frame @param {string} state @param {number} seconds */
        trying: (frame, state, seconds) => `Frame ${frame}: ${state} … ${seconds.toFixed(0)} s`,
        /** @param {number} n */
        marked: (n) => `${count(n, "pixel is", "pixels are")} refused, marked in pink.`,
        again: "Changed since the frame was tried: try it again.",
        findings: "What was found, and what becomes of it",
        found: "Found",
        checking: "Looking at the passes …",
        sound: "Every file is there, and the first frame can be painted.",
        /** @param {number} n */
        refused: (n) => `${count(n, "thing")} must be mended first.`,
        where: "Show where",
        /** @param {string} name @param {string} value */
        readWith: (name, value) => WORDS.paint.remedies[`${name} ${value}`] ?? `Read with ${name} ${value}`,
        remedies: /** @type {Record<string, string>} */ ({
            "mode nearest": "Take the nearest class",
            "encoding ids": "Read its numbers as ids",
            "palette-png index": "Its pixels are ids",
            "palette-png colour": "Its pixels are colours",
        }),
        facts: {size: "size", frames: "frames", layers: "layers", labels: "read as", sound: "sound", time: "takes about"},
        classes: "Classes",
        classesHint: "Did one come out wrong? Name what it is painted as, and try again. A click in the picture finds its class.",
        classColumns: ["Class", "Share", "Painted as"],
        /** @param {string} name */
        paintedAs: (name) => `What ${name} is painted as`,
        itself: "itself",
        names: "Names in the Cryptomatte",
        nameColumns: ["Name", "Share", "Class"],
        /** @param {string} name */
        nameMeans: (name) => `The class of ${name}`,
        noMeaning: "no class yet",
        /** @param {number} open @param {number} n */
        openNames: (open, n) => `${open.toLocaleString("en")} of ${count(n, "name")} mean no class yet.`,
        /** @param {number} n */
        allNamed: (n) => `${count(n, "name")}, each with a class.`,
        paintAll: "Paint …",
        paintTitle: "Paint the shot",
        paint: "Paint",
        frames: "Frames",
        layers: "Layers",
        framesHelp: "Such as 1001-1100, 1001-1100x2 or 1001,1005",
        out: "Folder",
        outHelp: "What is there in another look stays; this goes into a take beside it",
        format: "Format",
        formats: /** @type {Record<string, string>} */ ({png: "PNG, 8 bit sRGB", exr: "EXR, linear half float", "exr-acescg": "EXR, ACEScg"}),
        movie: "Movie",
        movies: /** @type {Record<string, string>} */ ({h264: "mp4, H.264", prores: "mov, ProRes 422 HQ", none: "none"}),
        comp: "An After Effects project of it, too",
        handed: "What was handed over",
        handing: "Handing it over …",
        handedOver: "Handed over; the server begins …",
        lookAt: "Look at it over its pass",
        lookAlone: "Look at it",
        saveShot: "Save shot.json …",
        saveTitle: "Save the shot",
        saveHint: "With it `semrender render` paints the same, and so does this page.",
        saveWalk: "With it `semrender render` paints the same. What was dropped on it, such as its sound, is a copy that is kept for thirty days.",
        saveDropped: "Its passes are the copies of what was dropped, which are kept for thirty days. Open the passes by their path to keep a shot for longer.",
        droppedHere: "dropped files",
        savePath: "File on this machine",
        replace: "Replace the file that is there",
        save: "Save",
        /** @param {string} path */
        saved: (path) => `The shot was written to ${path}.`,
        change: "Paint otherwise",
        changeHint: "Open its shot in Paint: with another model, other options or classes",
    },

    // A walk, which is set in Paint
    consent: {
        title: "Whose face it is",
        basis: "On the ground of",
        none: "not said: nothing is painted",
        help: "This model changes somebody's face. What is said here is recorded in every frame and in the delivery, never verified.",
        bases: {
            "own-likeness": "my own face",
            "written-release": "a release in writing",
            "synthetic-or-fictional": "nobody's face: drawn, rendered or generated",
            "public-domain-archive": "an archive in the public domain",
        },
        who: "Whose face",
        purpose: "What for",
        reference: "Where the release is",
    },
    walk: {
        begin: "Or a walk through a generator, from nothing but its seeds",
        /** @param {string} title */
        with: (title) => `Walk with ${title}`,
        none: "No model here is a generator. One that is added under Models is offered here.",
        alone: "a walk, from nothing but its model",
        /** @param {string} layer "" where there is one */
        title: (layer) => (layer ? `Walk of ${layer}` : "Walk"),
        way: "Way",
        ways: /** @type {Record<string, string>} */ ({keys: "keyframes", circle: "a circle"}),
        circleSeed: "First seed",
        circleWaves: "Waves",
        circleHelp: "One is a calm round, more wander farther; each takes two seeds",
        frames: "Frames",
        first: "First frame",
        last: "Last frame",
        size: "Size",
        sizeHelp: "Width and height of the frame; without them as the model paints",
        width: "Width, pixels",
        height: "Height, pixels",
        ownSize: "own",
        ease: "Keyframes",
        eases: /** @type {Record<string, string>} */ ({through: "passed", rest: "at rest", hold: "held"}),
        space: "Between",
        spaces: /** @type {Record<string, string>} */ ({w: "curve (w)", z: "circles (z)"}),
        loop: "Loop",
        loopHelp: "The last keyframe leads back to the first",
        even: "Spread evenly",
        evenHelp: "Over the frames; without it each keyframe says its own",
        columns: ["Keyframe", "Frame", "Seed or file", "Class", "Ease", "Order"],
        /** @param {number} n */
        row: (n) => `Keyframe ${n}`,
        /** @param {number} n */
        frameOf: (n) => `Frame of keyframe ${n}`,
        /** @param {number} n */
        pointOf: (n) => `Seed or w file of keyframe ${n}`,
        /** @param {number} n */
        indexOf: (n) => `Which point of the w file of keyframe ${n}`,
        /** @param {number} n */
        classOf: (n) => `Class of keyframe ${n}`,
        /** @param {number} n */
        easeOf: (n) => `How keyframe ${n} is passed`,
        asWalk: "as all",
        noClass: "all",
        add: "Add a keyframe",
        /** @param {number} n */
        up: (n) => `Keyframe ${n} earlier`,
        /** @param {number} n */
        down: (n) => `Keyframe ${n} later`,
        /** @param {number} n */
        remove: (n) => `Remove keyframe ${n}`,
        /** @param {number} n */
        removed: (n) => `Keyframe ${n} was removed.`,
        moveHint: "Drag a keyframe's picture, or press Alt and an arrow in its row, to have it earlier or later.",
        sheet: "Show the keyframes",
        sheetHint: "Paint the keyframes alone",
        /** @param {number} done @param {number} n @param {number} seconds */
        painting: (done, n, seconds) => `${done} of ${count(n, "keyframe")} painted … ${seconds.toFixed(0)} s`,
        /** @param {number} frame @param {number} n of the keyframe, 0 where it is none */
        goTo: (frame, n) => `${n ? `${n}: look` : "Look"} at frame ${frame}`,
        stale: "Changed since the keyframes were shown.",
        spaceHelp: "w: smoothly through the keyframes; z: on great circles from seed to seed, at the most even speed",
        easeHelp: "passed: without a stop; at rest: slower before and after; held: it stays until the next",
        sound: "Sound",
        soundHint: "drop one, or name a file",
        chooseSound: "Choose a sound …",
        drive: "It drives",
        drives: /** @type {Record<string, string>} */ ({"": "nothing", speech: "as speech", music: "as music", own: "as the shot.json says"}),
        /** @param {number} n */
        asLong: (n) => `As long as the sound: ${count(n, "frame")}`,
        /** @param {string} feature @param {string} layers @param {number} amount */
        route: (feature, layers, amount) => `${feature} on ${layers}, ${amount} of the way`,
        /** @param {string} route @param {number} frame */
        curve: (route, frame) => `${route}: strongest on frame ${frame}`,
        /** @param {string} name */
        taken: (name) => `${name} was taken.`,
        /** @param {string} name */
        leads: (name) => `${name} was taken, and drives the walk as speech.`,
    },

    keysOf: {
        any: "Everywhere",
        parts: "Go to a part",
        help: "This list",
        find: "Find",
        queue: "Queue",
        choose: "Choose a job",
        open: "Its frames",
        pause: "Pause or resume",
        cancel: "Cancel the job",
        move: "Sooner or later",
        frames: "Frames: the one before, the one after",
        ends: "The first, the last",
    },

    /** @param {number} seconds */
    time: (seconds) => {
        const s = Math.max(0, Math.round(seconds));
        if (s < 60) {
            return `${s} s`;
        }
        const m = Math.floor(s / 60);
        if (m < 60) {
            return `${m} min${m < 10 && s % 60 ? ` ${s % 60} s` : ""}`;
        }
        const hours = Math.floor(m / 60);
        return hours < 48 ? `${hours} h${m % 60 ? ` ${m % 60} min` : ""}` : `${Math.floor(hours / 24)} days`;
    },
    /** @param {number} date seconds since 1970 */
    date: (date) => {
        const then = new Date(date * 1000);
        const today = new Date().toDateString() === then.toDateString();
        return then.toLocaleString("en-GB", {
            ...(today ? {} : {day: "numeric", month: "short"}),
            hour: "2-digit",
            minute: "2-digit",
        });
    },
    /** @param {number} bytes of a file */
    size: (bytes) => (bytes < 2 ** 20 ? `${Math.round(bytes / 2 ** 10)} KB` : bytes < 100 * 2 ** 20 ? `${(bytes / 2 ** 20).toFixed(1)} MB` : WORDS.bytes(bytes)),
    /** @param {number} bytes */
    bytes: (bytes) => {
        const gib = bytes / 2 ** 30;
        return gib >= 10 ? `${Math.round(gib)} GB` : gib >= 1 ? `${gib.toFixed(1)} GB` : `${Math.round(bytes / 2 ** 20)} MB`;
    },
};
