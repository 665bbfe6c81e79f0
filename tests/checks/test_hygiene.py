# SPDX-License-Identifier: Apache-2.0
from support import LICENCE, CheckTest
import check_hygiene


class Hygiene(CheckTest):
    def complaints(self, path, text):
        return check_hygiene.check(self.tree({path: text}))

    def test_a_licensed_ascii_source_is_fine(self):
        self.assert_complains(self.complaints("src/a.cc", LICENCE))

    def test_a_source_without_licence_is_not(self):
        self.assert_complains(self.complaints("src/a.cc", "int a;\n"), "SPDX")
        self.assert_complains(self.complaints("tools/a.py", "a = 1\n"), "SPDX")

    def test_prose_needs_no_licence_line_and_may_use_every_letter(self):
        self.assert_complains(self.complaints("docs/a.md", "caf\u00e9\n"))

    def test_sources_are_ascii(self):
        self.assert_complains(self.complaints("src/a.cc", LICENCE + "\n// \u2192\n"), "src/a.cc:3: not ASCII")

    def test_paths_of_one_machine_are_found_with_their_line(self):
        path = "/" + "work/main/a"
        self.assert_complains(self.complaints("docs/a.md", f"\nsee {path}\n"), "docs/a.md:2: path of one machine")
        self.assert_complains(self.complaints("docs/a.md", "see src/" + "work/a and /usr/share\n"))

    def test_test_data_may_hold_anything(self):
        self.assert_complains(self.complaints("tests/data/a.txt", "/" + "work/ \u00e9\n"))

    def test_empty_names_are_refused(self):
        self.assert_complains(self.complaints("src/base/string_utils.cc", LICENCE), "says nothing")
