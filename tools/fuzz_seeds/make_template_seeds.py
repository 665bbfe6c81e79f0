# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of the chat templates' fuzzer: the templates that tools/goldens/template_cases.py renders, joined to
a few files a kind, and what wants to hang or crash. Standard library only.

    python3 tools/fuzz_seeds/make_template_seeds.py            # into fuzz/corpus/template/
"""
import pathlib
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
TARGET = REPOSITORY / "fuzz" / "corpus" / "template"
sys.path.insert(0, str(REPOSITORY / "tools" / "goldens"))
import template_cases  # noqa: E402

HOSTILE = {
    "loops": "{% set r = range(1000) %}" + "{% for i in r %}" * 6 + "{% endfor %}" * 6,
    "recursion": "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "doubling": "{% set ns = namespace(t='a') %}{% for i in range(99) %}{% set ns.t = ns.t ~ ns.t %}{% endfor %}",
    "lists": "{% set ns = namespace(l=[]) %}{% for i in range(999) %}{% set ns.l = [ns.l] %}{% endfor %}{{ ns.l }}",
    "circle": "{% set ns = namespace() %}{% set ns.me = [ns] %}{{ ns }}",
    "brackets": "{{ " + "(" * 300 + "1" + ")" * 300 + " }}",
    "blocks": "{% if 1 %}" * 200 + "{% endif %}" * 200,
    "chain": "{{ 1" + " + 1" * 300 + " }}",
    "filters": "{{ [[[1]]] | map('map', 'map', 'map', 'list') | list }}",
    "insides": "{{ ''.__class__.__mro__ }}",
    "control_token": "{{ messages[1].content ~ '<s>' | replace('<', messages[1].content) }}\0<|eot_id|></s>",
    "not_utf8": "{{ messages[1].content | list | tojson }}\0\udcff \udced\udca0",
}


def seeds():
    for name, source, _ in template_cases.MODELS:
        if name.endswith("/chat"):
            yield name.split("/")[0], source
    constructs = template_cases.split(template_cases.CONSTRUCTS)
    for index, source in enumerate(constructs):
        yield f"construct{index:02}", source.replace("word", "eos_token").replace("items", "tools").replace("map.", "tools[0].")
    for index in range(0, len(template_cases.LAYOUT), 6):
        yield f"layout{index:02}", "".join(template_cases.LAYOUT[index:index + 6])
    for index, source in enumerate(template_cases.split(template_cases.ERRORS)):
        if index % 6 == 0:
            yield f"error{index:03}", source
    yield from HOSTILE.items()


def main():
    TARGET.mkdir(parents=True, exist_ok=True)
    for name, source in seeds():
        (TARGET / name).write_bytes(source.encode("utf-8", "surrogateescape"))
    print(f"{len(list(TARGET.iterdir()))} seeds in {TARGET.relative_to(REPOSITORY)}")


if __name__ == "__main__":
    main()
