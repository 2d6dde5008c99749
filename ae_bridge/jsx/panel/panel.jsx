//@include "../src/core.jsx"
//@include "files.jsx"
//@include "doorway.jsx"
//@include "kit.jsx"
//@include "view.jsx"
//@include "options.jsx"
//@include "looks.jsx"
//@include "shots.jsx"
//@include "list.jsx"
//@include "bring.jsx"
//@include "frames.jsx"
//@include "preview.jsx"
//@include "again.jsx"
//@include "keyframes.jsx"
//@include "led.jsx"
//@include "walk.jsx"
//@include "paint.jsx"
//@include "comp.jsx"
//@include "work.jsx"
//@include "deliveries.jsx"
//@include "bind.jsx"
/*
 * Opens the panel: docked, where After Effects hands over a Panel, else as a window of its own.
 */
(function (host) {
    /** @type {any} */
    var window = (host instanceof Panel) ? host : new Window("palette", "semrender", undefined, {resizeable: true});
    SemrenderAE.panel.build(window);
    window.onResizing = window.onResize = function () {
        this.layout.resize();
    };
    window.layout.layout(true);
    window.layout.resize(); // a docked panel was laid out as large as it would like to be
    if (window instanceof Window) {
        window.center();
        window.show();
    }
}(this));
