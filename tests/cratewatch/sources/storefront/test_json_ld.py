import pytest

from cratewatch.sources.storefront.json_ld import read_json_ld

ONE = {"a": "x & y"}


@pytest.mark.parametrize(
    "script",
    [
        '{"a": "x & y"}',
        '{"a": "x & y"};',
        '{"a": "x & y"}\n}',
        '{"a": "x & y"}]',
        '{"a": "x & y",}',
        '\ufeff {"a": "x & y"}\0',
        '<![CDATA[{"a": "x & y"}]]>',
        '//<![CDATA[\n{"a": "x & y"}\n//]]>',
        '/*<![CDATA[*/{"a": "x & y"}/*]]>*/',
        '<!-- {"a": "x & y"} -->',
        '// from the theme\n{"a": "x & y"}',
        '/* from the theme */ {"a": "x & y" /* yes */}',
        "{&quot;a&quot;: &quot;x &amp; y&quot;}",
        "{&#34;a&#34;: &#34;x & y&#34;}",
        '"{\\"a\\": \\"x & y\\"}"',
        '[[{"a": "x & y"}]]',
        '{"schema:a": "x & y"}',
        '{"http://schema.org/a": "x & y"}',
        '{"a": "x & y"}<br><b>Warning</b>: on line 3',
    ],
)
def test_what_is_forgiven(script):
    assert read_json_ld(script) == ([ONE], "")


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ('{"a": "it\\\'s"}', {"a": "it's"}),
        ('{"a": "two\nlines"}', {"a": "two\nlines"}),
        ('{"a": "http://x//y"}', {"a": "http://x//y"}),
        ('{"a": "\\u00fc \\\\ \\"q\\""}', {"a": 'ü \\ "q"'}),
    ],
)
def test_texts_stay_as_they_are(script, expected):
    assert read_json_ld(script).objects == [expected]


def test_objects_one_behind_the_other():
    assert read_json_ld('{"a": 1}\n{"b": 2}, // and\n[{"c": 3}]').objects == [
        {"a": 1},
        {"b": 2},
        {"c": 3},
    ]


@pytest.mark.parametrize("script", ["", " \n", ";", "null", "3", "[]"])
def test_a_script_that_says_nothing(script):
    assert read_json_ld(script) == ([], "")


@pytest.mark.parametrize(
    "script",
    ["undefined", '{"headline": "The 12" is back"}', '{"a": ', "{'a': 1}", '{"a": 1' + "0" * 5000],
)
def test_what_is_no_json(script):
    found = read_json_ld(script)
    assert found.objects == []
    assert found.broken


def test_a_broken_object_behind_a_whole_one_is_told_of():
    found = read_json_ld('{"a": 1} {"@type": "Product", "name": }')
    assert found.objects[0] == {"a": 1}
    assert found.broken


def test_depth_costs_nothing():
    assert read_json_ld("[" * 100_000).broken
    assert read_json_ld('{"a":' * 500 + "1" + "}" * 500).objects
