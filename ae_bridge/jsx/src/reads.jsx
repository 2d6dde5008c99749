/*
 * What After Effects reads of the files, held against what the delivery says of them.
 */
SemrenderAE.reads = (function () {
    var report = SemrenderAE.report;

    /** @param {FootageItem} item */
    function framesOf(item) {
        return Math.round(item.duration * item.mainSource.conformFrameRate);
    }

    /**
     * What After Effects made of the files is what the delivery says.
     * @param {Work} work
     * @param {FootageItem} item
     * @param {PlannedFootage} planned
     */
    function check(work, item, planned) {
        /** @param {string} words */
        function warn(words) {
            report.add(work.report.warnings, "footage", planned, "files", planned.name + ": " + words);
        }
        if (item.footageMissing) {
            warn("After Effects does not find the files. Relink the delivery.");
            return;
        }
        if (planned.sound) {
            checkSound(item, planned, warn);
            return;
        }
        if (item.width !== planned.width || item.height !== planned.height) {
            warn("the picture is " + item.width + " x " + item.height + ", the delivery says " + planned.width + " x " +
                planned.height + ".");
        }
        if (planned.sequence && framesOf(item) !== planned.frames && item.mainSource.loop === 1) {
            warn("After Effects reads " + framesOf(item) + " frames, the delivery has " + planned.frames +
                ". Move other pictures of this name to another folder.");
        }
        if (planned.matte && !item.mainSource.hasAlpha) {
            warn("the matte has no alpha channel. Deliver the shot again.");
        }
    }

    /** @param {FootageItem} item @param {PlannedFootage} planned @param {(words: string) => void} warn */
    function checkSound(item, planned, warn) {
        if (!item.hasAudio) {
            warn("After Effects hears no sound in it. Deliver the shot again.");
        } else if (Math.abs(item.duration * planned.fps - planned.frames) > 1) {
            warn("the sound lasts " + item.duration + " seconds, the delivery says " + planned.frames + " frames.");
        }
    }

    return {framesOf: framesOf, check: check};
}());
