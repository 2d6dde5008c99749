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
     * Where the artist wants a trim to be; undefined where it is ours to place.
     * @param {OwnTrim} own What we know of his; undefined where it was ours the last time.
     * @param {number} last How far from the start of the layer we wrote it.
     * @param {number} current How far from there it is.
     * @param {number} at Where it is.
     * @param {number} ours Where it would be now.
     * @param {number} near
     */
    function ownTrim(own, last, current, at, ours, near) {
        if (own === undefined) {
            return (Math.abs(current - last) > near) ? at : undefined;
        }
        if (Math.abs(at - own.stood) <= near) {
            return own.wanted; // Not touched since, perhaps short of where he wanted it for want of footage.
        }
        return (Math.abs(at - ours) > near) ? at : undefined;
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
     * @param {boolean} bounded Whether the layer cannot show more than its footage.
     * @returns {Times}
     */
    function times(last, current, wanted, frame, bounded) {
        var near = SAME_FRAME * frame;
        var offset = current.start - last.start;
        var slid = Math.abs(offset) > near;
        var start = wanted.start + (slid ? offset : 0);
        var inPoint = start + wanted.inPoint - wanted.start;
        var outPoint = start + wanted.outPoint - wanted.start;
        var ownIn = ownTrim(last.ownIn, last.inPoint - last.start, current.inPoint - current.start, current.inPoint,
            inPoint, near);
        var ownOut = ownTrim(last.ownOut, last.outPoint - last.start, current.outPoint - current.start,
            current.outPoint, outPoint, near);
        var span = {
            start: start,
            inPoint: (ownIn === undefined) ? inPoint : ownIn,
            outPoint: (ownOut === undefined) ? outPoint : ownOut
        };
        var reached = !bounded || (span.inPoint >= start - near && span.inPoint <= outPoint - frame + near &&
            span.outPoint <= outPoint + near && span.outPoint >= span.inPoint + frame - near);
        if (!reached) {
            span.inPoint = Math.min(Math.max(span.inPoint, start), outPoint - frame);
            span.outPoint = Math.min(Math.max(span.outPoint, span.inPoint + frame), outPoint);
        }
        return {span: span, slid: slid, ownIn: ownIn, ownOut: ownOut, reached: reached};
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
