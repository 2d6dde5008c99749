/*
 * Connections that block, as those of ExtendScript do: a thread holds them, the caller sleeps until it has answered.
 */
"use strict";

const net = require("net");
const {Worker, isMainThread, receiveMessageOnPort, workerData, MessageChannel} = require("worker_threads");

let thread = null;

/** The answer of the thread, when it comes. */
function ask(request) {
    if (thread === null) {
        const {port1, port2} = new MessageChannel();
        const flag = new Int32Array(new SharedArrayBuffer(4));
        const worker = new Worker(__filename, {workerData: {port: port2, flag}, transferList: [port2]});
        worker.unref();
        port1.unref();
        thread = {port: port1, flag};
    }
    Atomics.store(thread.flag, 0, 0);
    thread.port.postMessage(request);
    Atomics.wait(thread.flag, 0, 0);
    return receiveMessageOnPort(thread.port).message;
}

class Line {
    constructor(id, seconds) { Object.assign(this, {id, seconds}); }

    /** Null where nobody listens. */
    static open(port, seconds) {
        const id = ask({op: "open", port, seconds});
        return id === 0 ? null : new Line(id, seconds);
    }

    write(text) { return ask({op: "write", id: this.id, text}); }
    readln() { return ask({op: "readln", id: this.id, seconds: this.seconds}); }
    close() { return ask({op: "close", id: this.id}); }
}

/** In the thread: sockets by number, with what has come and not been read. */
function serve({port, flag}) {
    const open = new Map();
    const once = (socket, seconds, events) => new Promise((done) => {
        const timer = setTimeout(done, seconds * 1000);
        events.forEach((name) => socket.once(name, () => {
            clearTimeout(timer);
            done();
        }));
    });
    const ops = {
        async open({port: number, seconds}) {
            const id = open.size + 1;
            const socket = net.connect(number, "127.0.0.1");
            const one = {socket, text: "", ended: false};
            open.set(id, one);
            socket.on("data", (piece) => { one.text += piece; });
            socket.on("error", () => { one.ended = true; });
            socket.on("close", () => { one.ended = true; });
            await once(socket, seconds, ["connect", "error"]);
            return socket.readyState === "open" ? id : 0;
        },
        write: ({id, text}) => open.get(id).socket.write(text, "binary") || true,
        async readln({id, seconds}) {
            const one = open.get(id);
            const until = Date.now() + seconds * 1000;
            while (!one.text.includes("\n") && !one.ended && Date.now() < until) {
                await once(one.socket, (until - Date.now()) / 1000, ["data", "error", "close"]);
            }
            const line = one.text.split("\n")[0];
            one.text = one.text.slice(line.length + 1);
            return line;
        },
        close({id}) {
            open.get(id).socket.destroy();
            return true;
        },
    };
    port.on("message", async (request) => {
        port.postMessage(await ops[request.op](request));
        Atomics.store(flag, 0, 1);
        Atomics.notify(flag, 0);
    });
}

if (!isMainThread) {
    serve(workerData);
}

module.exports = {Line};
