# SPDX-License-Identifier: Apache-2.0
"""Finds the bodies of functions in C++ text with a brace matcher: enough for counting lines, no parser.

A body is a brace that follows `)` (with const, noexcept, a trailing return type or an initialiser list between) outside
every other function; lambdas and blocks inside count with the function around them.
"""
import re

# Comments, raw strings, strings and characters: their braces do not count. Digit separators are no character literal.
OPAQUE = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<d>[^()\s]*)\(.*?\)(?P=d)"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])+\'',
    re.DOTALL)
SCOPE = re.compile(r"\b(namespace|class|struct|union|enum|extern)\b[^()=;]*$")
PREPROCESSOR = re.compile(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", re.MULTILINE)
LEADING = re.compile(r"\s*(?:(?:public|private|protected)\s*:\s*)*")


def blank(text):
    """The text with comments and literals turned to spaces; line breaks stay."""
    return OPAQUE.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)


def matching_brace(text, start):
    depth = 0
    for index in range(start, len(text)):
        if text[index] == "{":
            depth += 1
        elif text[index] == "}":
            depth -= 1
            if depth == 0:
                return index
    return len(text) - 1


def name_in(head):
    call = head.find("(")
    found = re.search(r"([~\w:]+)\s*$", head[:call])
    return found.group(1) if found else "?"


def is_initialiser(text, brace, head):
    """`x_{1}`, `= {1}`, `Shape{}`: braces around values. A body's brace stands apart, as clang-format has it."""
    return ")" not in head or re.search(r"=\s*$", head) or not (text[brace - 1].isspace() or text[brace - 1] == ")")


def functions(text):
    """(name, first line, number of lines) of each function, counted from its name's line to its closing brace."""
    text = PREPROCESSOR.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), blank(text))
    position = 0
    statement = 0  # where the text since the last ; { or } begins
    while position < len(text):
        head = text[statement:position]
        if text[position] in ";}":
            statement = position + 1
        elif text[position] == "{" and SCOPE.search(head) and "(" not in head:
            statement = position + 1
        elif text[position] == "{":
            end = matching_brace(text, position)
            if not is_initialiser(text, position, head):
                begin = statement + LEADING.match(head).end()
                yield name_in(head), text.count("\n", 0, begin) + 1, text.count("\n", begin, end) + 1
                statement = end + 1
            position = end
        position += 1
