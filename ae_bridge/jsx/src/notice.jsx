/*
 * The label that a shot with a changed or a made face can show: a text layer above all others, which the artist turns on.
 */
SemrenderAE.notice = (function () {
    var SIZE = 0.06; // of the height of the comp
    var BASE = 0.94; // where the line stands, of the height

    /** @param {any} layer @returns {any} */
    function textOf(layer) {
        return layer.property("ADBE Text Properties").property("ADBE Text Document");
    }

    /** @param {CompWork} comp @param {PlannedLayer} planned @returns {any} */
    function create(comp, planned) {
        /** @type {any} */
        var layer = comp.item.layers.addText(planned.notice);
        var property = textOf(layer);
        var document = property.value; // a copy: nothing happens before it is set
        document.fontSize = Math.max(1, Math.round(comp.item.height * SIZE));
        document.applyFill = true;
        document.fillColor = [1, 1, 1];
        document.justification = ParagraphJustification.CENTER_JUSTIFY;
        property.setValue(document);
        layer.property("ADBE Transform Group").property("ADBE Position").setValue(
            [comp.item.width / 2, Math.round(comp.item.height * BASE)]);
        return layer;
    }

    /** @param {any} layer @returns {string} */
    function read(layer) {
        return String(textOf(layer).value.text);
    }

    /** Its font, size and place are the artist's. @param {any} layer @param {string} words */
    function write(layer, words) {
        var property = textOf(layer);
        var document = property.value;
        document.text = words;
        property.setValue(document);
    }

    return {create: create, read: read, write: write};
}());
