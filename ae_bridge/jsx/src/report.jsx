/*
 * The plain report of an operation, see README.md: what the panel shows and the headless runner writes to a file.
 */
SemrenderAE.report = (function () {
    /**
     * @param {string} action
     * @param {{uid: string, name: string, version: number, previous: number}} shot
     * @returns {Report}
     */
    function create(action, shot) {
        return {
            ok: true, action: action, shot: shot, comp: null,
            added: [], changed: [], kept: [], warnings: [], errors: []
        };
    }

    /**
     * @param {ReportEntry[]} list One of the report's.
     * @param {string} kind
     * @param {{uid: string, name: string}} thing
     * @param {string} field
     * @param {string} words
     */
    function add(list, kind, thing, field, words) {
        list.push({kind: kind, uid: thing.uid, name: thing.name, field: field, words: words});
    }

    /**
     * @param {Report} report
     * @param {string} kind
     * @param {{uid: string, name: string}} thing
     * @param {string} field
     * @param {string} words
     */
    function fail(report, kind, thing, field, words) {
        report.ok = false;
        add(report.errors, kind, thing, field, words);
    }

    return {create: create, add: add, fail: fail};
}());
