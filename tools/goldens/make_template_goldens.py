# SPDX-License-Identifier: Apache-2.0
"""Renders the templates of template_cases.py with Python's jinja2, set up as Hugging Face's apply_chat_template sets it
up, and writes tests/data/templates/goldens.json.

    pip install jinja2==3.1.6
    python tools/goldens/make_template_goldens.py
"""
import datetime
import json
import pathlib

import jinja2
import jinja2.ext
import jinja2.nodes
import jinja2.sandbox

import template_cases

TARGET = pathlib.Path(__file__).resolve().parents[2] / "tests" / "data" / "templates" / "goldens.json"
NOW = datetime.datetime(2026, 3, 7, 15, 4, 5)


class Generation(jinja2.ext.Extension):
    """`{% generation %}`: marks what the model said; its text is rendered like any other."""
    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("_render"), [], [], body).set_lineno(line)

    @staticmethod
    def _render(caller):
        return caller()


def raise_exception(message):
    raise jinja2.exceptions.TemplateError(message)


def tojson(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def environment():
    made = jinja2.sandbox.ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols])
    made.filters["tojson"] = tojson
    made.globals["raise_exception"] = raise_exception
    made.globals["strftime_now"] = NOW.strftime
    return made


def golden(env, name, source, variables):
    made = {"name": name, "template": source, "variables": variables}
    try:
        made["output"] = env.from_string(source).render(**variables)
    except Exception as error:  # whatever the template does wrong
        made["error"] = f"{type(error).__name__}: {error}"[:200]
    return made


def main():
    env = environment()
    made = [golden(env, *case) for case in template_cases.cases()]
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    variables, indices = [], []
    for one in made:  # many share theirs
        if one["variables"] not in variables:
            variables.append(one["variables"])
        indices.append(variables.index(one["variables"]))
    lines = [json.dumps({**one, "variables": index}, ensure_ascii=True) for one, index in zip(made, indices)]
    head = {"command": "python tools/goldens/make_template_goldens.py", "made_with": f"jinja2 {jinja2.__version__}",
            "now": [NOW.year, NOW.month, NOW.day, NOW.hour, NOW.minute, NOW.second]}
    text = json.dumps(head)[:-1] + ",\n\"variables\": [\n" + ",\n".join(json.dumps(v) for v in variables)
    TARGET.write_text(text + "\n],\n\"cases\": [\n" + ",\n".join(lines) + "\n]}\n")
    errors = sum("error" in one for one in made)
    print(f"{len(made)} templates, {errors} of them end in an error")


if __name__ == "__main__":
    main()
