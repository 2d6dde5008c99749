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
     * Whether a trim is the artist's.
     * @param {number} own Where we have found it to be his last time; undefined where it was ours.
     * @param {number} last How far from the start of the layer we wrote it.
     * @param {number} current How far from there it is.
     * @param {number} at Where it is.
     * @param {number} ours Where it would be now.
     * @param {number} near
     */
    function isTrim(own, last, current, at, ours, near) {
        if (own === undefined) {
            return Math.abs(current - last) > near;
        }
        // Untouched since then it is still his, also where the footage happens to end just there.
        return Math.abs(at - own) <= near || Math.abs(at - ours) > near;
    }

    /**
     * When a layer begins and ends. All values in seconds of the comp.
     *
     * A layer that the artist has slid keeps its distance to where we put it, so that its content stays with what it
     * was slid to, also when the new footage begins earlier. A trim that the artist has set keeps its place in the
     * comp; one that he has not follows the footage.
     * @param {LastSpan} last As we wrote it.
     * @param {Span} current
     * @param {Span} wanted
     * @param {number} frame Length of a frame.
     * @returns {Times}
     */
    function times(last, current, wanted, frame) {
        var near = SAME_FRAME * frame;
        var offset = current.start - last.start;
        var slid = Math.abs(offset) > near;
        var start = wanted.start + (slid ? offset : 0);
        var inPoint = start + wanted.inPoint - wanted.start;
        var outPoint = start + wanted.outPoint - wanted.start;
        var inKept = isTrim(last.ownIn, last.inPoint - last.start, current.inPoint - current.start, current.inPoint,
            inPoint, near);
        var outKept = isTrim(last.ownOut, last.outPoint - last.start, current.outPoint - current.start,
            current.outPoint, outPoint, near);
        return {
            span: {
                start: start,
                inPoint: inKept ? current.inPoint : inPoint,
                outPoint: outKept ? current.outPoint : outPoint
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
