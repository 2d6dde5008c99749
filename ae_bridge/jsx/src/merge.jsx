/*
 * The three-way merge. A value has three sources: what we wrote last (kept in the tag), what stands there now, and
 * what the delivery wants. It follows the delivery only while nobody else has touched it. No host call in this file.
 */
SemrenderAE.merge = (function () {
    var SAME_FRAME = 0.05; // Frames; After Effects stores times in a clock of its own.

    /** @param {string} a @param {string} b */
    function same(a, b) {
        return a === b;
    }

    /** @param {string} a @param {string} b */
    function sameNumber(a, b) {
        return a === b || Math.abs(Number(a) - Number(b)) < 1e-3;
    }

    /**
     * What becomes of one value.
     * @param {string|undefined} last Undefined where no tag says it: then what stands there is taken for the artist's.
     * @param {string} current
     * @param {string} wanted
     * @param {(a: string, b: string) => boolean} equal
     * @returns {Decision}
     */
    function decide(last, current, wanted, equal) {
        var untouched = last !== undefined && equal(last, current);
        if (equal(current, wanted)) {
            return {value: current, write: false, kept: false, last: wanted};
        }
        if (untouched) {
            return {value: wanted, write: true, kept: false, last: wanted};
        }
        return {value: current, write: false, kept: true, last: last};
    }

    /**
     * When a layer begins and ends. All values in seconds of the comp.
     *
     * A layer that the artist has slid keeps its distance to where we put it, so that its content stays with what it
     * was slid to, also when the new footage begins earlier. A trim that the artist has set keeps its place in the
     * comp; one that he has not follows the footage.
     * @param {Span} last As we wrote it.
     * @param {Span} current
     * @param {Span} wanted
     * @param {number} frame Length of a frame.
     * @returns {{span: Span, slid: boolean, inKept: boolean, outKept: boolean}}
     */
    function times(last, current, wanted, frame) {
        var near = SAME_FRAME * frame;
        var offset = current.start - last.start;
        var slid = Math.abs(offset) > near;
        var inKept = Math.abs((current.inPoint - current.start) - (last.inPoint - last.start)) > near;
        var outKept = Math.abs((current.outPoint - current.start) - (last.outPoint - last.start)) > near;
        var start = wanted.start + (slid ? offset : 0);
        return {
            span: {
                start: start,
                inPoint: inKept ? current.inPoint : start + wanted.inPoint - wanted.start,
                outPoint: outKept ? current.outPoint : start + wanted.outPoint - wanted.start
            },
            slid: slid,
            inKept: inKept,
            outKept: outKept
        };
    }

    /**
     * Whether two times are the same frame.
     * @param {number} a @param {number} b @param {number} frame
     */
    function sameTime(a, b, frame) {
        return Math.abs(a - b) <= SAME_FRAME * frame;
    }

    return {decide: decide, same: same, sameNumber: sameNumber, times: times, sameTime: sameTime};
}());
