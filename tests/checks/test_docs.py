# SPDX-License-Identifier: Apache-2.0
from support import CheckTest
import check_docs


class Docs(CheckTest):
    def complaints(self, text, sterna=None):
        files = {"README.md": text, "Makefile": "run: build\nbuild:\n", "src/base/half.h": "",
                 "CMakePresets.json": '{"name": "dev"}'}
        root = self.tree(files)
        if sterna:
            (root / "sterna").write_text(sterna)
            (root / "sterna").chmod(0o755)
        return check_docs.check(root, str(root / "sterna") if sterna else None)

    def test_what_exists_is_fine(self):
        self.assert_complains(self.complaints("`src/base/half.h`, `src/base`\n```\nmake run PROMPT=x\ncmake --preset dev\n```\n"))

    def test_what_a_command_prints_is_not_looked_at(self):
        self.assert_complains(self.complaints("```console\n$ ls src/base\nmake cake; src/gone.h\n```\n"))
        self.assert_complains(self.complaints("```console\n$ ls src/gone.h\n```\n"), "README.md:1: no such path: src/gone.h")

    def test_a_missing_path_is_found_with_its_line(self):
        self.assert_complains(self.complaints("\n`src/base/gone.h`\n"), "README.md:2: no such path: src/base/gone.h")

    def test_a_link_to_nothing_is_found(self):
        self.assert_complains(self.complaints("\n[a](src/base/half.h) [b](https://x.org/y) [c](docs/gone.md#part) `[](x)`\n"),
                              "README.md:2: link to nothing: docs/gone.md")

    def test_placeholders_and_paths_elsewhere_are_left_alone(self):
        self.assert_complains(self.complaints("`src/NAME/x.h`, `src/base/<isa>/a`, `/usr/src/gone`, `src/base/*_test.cc`"))

    def test_prose_is_left_alone(self):
        self.assert_complains(self.complaints("To make sense of src/gone.h is hard.\n"))

    def test_a_missing_make_target_or_preset_is_found(self):
        self.assert_complains(self.complaints("`make cake`"), "no such make target: cake")
        self.assert_complains(self.complaints("`cmake --preset gone`"), "no such preset: gone")

    def test_flags_are_compared_with_help(self):
        sterna = '#!/bin/sh\n[ "$1" = run ] && echo "  -p TEXT  --temp T"\n'
        self.assert_complains(self.complaints("```\nbuild/sterna run -p 'a --gone b' --temp 0\n```\n", sterna))
        self.assert_complains(self.complaints("```\nsterna run --tempo 0\n```\n", sterna), "sterna run has no flag --tempo")
        self.assert_complains(self.complaints("`sterna fly --high`", sterna), "no such verb: sterna fly")
