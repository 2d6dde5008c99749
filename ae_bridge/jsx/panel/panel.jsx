//@include "../src/core.jsx"
//@include "files.jsx"
//@include "doorway.jsx"
//@include "view.jsx"
//@include "again.jsx"
//@include "work.jsx"
/*
 * Opens the panel: docked, where After Effects hands over a Panel, else as a window of its own.
 */
(function (host) {
    /** @type {any} */
    var window = (host instanceof Panel) ? host : new Window("palette", "semrender", undefined, {resizeable: true});
    SemrenderAE.panel.open(window);
    window.layout.layout(true);
    window.onResizing = window.onResize = function () {
        this.layout.resize();
    };
    if (window instanceof Window) {
        window.center();
        window.show();
    }
}(this));
