/*
 * A person before the screen, for scripts that ask: plugin of host.js. `host.answers` says what is chosen and whether
 * questions are answered with yes; what was said is in `host.said`.
 */
"use strict";

function install(host, define) {
    const realm = host.realm.inside;
    host.answers = {file: null, yes: true};
    host.said = [];
    define("alert", (words) => host.said.push(words));
    define("confirm", () => host.answers.yes);
    define("$", {os: "fake", fileName: "/desk/probe.jsx", global: {}});
    realm.File.openDialog = () => host.answers.file && new realm.File(host.answers.file);
    Object.assign(realm.Folder, {
        desktop: new realm.Folder("/desk"), temp: new realm.Folder("/tmp"), userData: new realm.Folder("/home"),
    });
    const put = host.disk.put.bind(host.disk);
    const versions = new Map();
    host.disk.put = (path, content) => {
        versions.set(path, (versions.get(path) || 0) + 1);
        put(path, content);
    };
    define("host", {versions: (path) => versions.get(path) || 0, said: () => host.said.join("\n"), frozen: () => host.frozen || 0,
        files: () => [...host.disk.files.keys()].join("\n"), text: (path) => host.disk.files.get(path).text, textMeanwhile: (path) => host.meanwhile.get(path).text});
}

module.exports = {install};
