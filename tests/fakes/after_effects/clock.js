/* The clock of a comp: After Effects keeps the times in it in whole units of that, never in seconds. */
"use strict";

const COARSEST = 40000;
const FINEST = 115200;

const divisor = (a, b) => (b === 0 ? a : divisor(b, a % b));

/** [units a second, units a frame] of a frame rate, as measured on After Effects 2026 over 90 rates (py_aep). */
function grid(rate) {
    const thousandths = Math.floor(rate * 1000 + 0.5);
    const common = divisor(thousandths, 1000);
    const exact = thousandths / 1000;
    let units = 1000 / common;
    while (exact * units * 2 < COARSEST) {
        units *= 2;
    }
    while (exact * units > FINEST) {
        units /= 2;
    }
    return [Math.floor(exact * units + 1e-9), Math.floor(units)];
}

/** The nearest time that a comp of this rate can hold. */
function tick(seconds, rate) {
    const [units] = grid(rate);
    return Math.round(seconds * units) / units;
}

module.exports = {grid, tick};
