# SPDX-License-Identifier: Apache-2.0
import unittest

from support import CheckTest
import check_sizes
import cpp_functions


def function(name, lines):
    return f"int {name}(int a) {{\n" + "  ++a;\n" * (lines - 2) + "}\n"


class Sizes(CheckTest):
    def test_long_functions_fail_and_middling_ones_are_remarks(self):
        root = self.tree({"src/a.cc": function("Short", 40) + function("Middling", 80) + function("Long", 81)})
        complaints, remarks = check_sizes.measure(root)
        self.assert_complains(complaints, "src/a.cc:Long: 81 lines, the limit is 80")
        self.assert_complains(remarks, "src/a.cc:Middling: 80 lines")

    def test_long_files_fail(self):
        complaints, _ = check_sizes.measure(self.tree({"src/a.cc": "\n" * 801, "tools/b.py": "\n" * 801}))
        self.assert_complains(complaints, "src/a.cc: 801 lines", "tools/b.py: 801 lines")

    def test_the_list_of_exceptions_helps_needs_reasons_and_shrinks(self):
        root = self.tree({"src/a.cc": function("Long", 90), check_sizes.ALLOW: "src/a.cc:Long a table\nsrc/b.cc\n"})
        complaints, _ = check_sizes.measure(root)
        self.assert_complains(complaints, "src/b.cc has no reason", "src/b.cc is not needed")


class Functions(unittest.TestCase):
    def names(self, text):
        return [(name, lines) for name, _, lines in cpp_functions.functions(text)]

    def test_methods_constructors_and_trailing_words_are_found(self):
        text = ("namespace a {\nclass B : public C {\n public:\n  B() : x_(1), y_{2} {}\n  int F() const noexcept {\n"
                "    return 1;\n  }\n};\n}\n")
        self.assertEqual([("B", 1), ("F", 3)], self.names(text))

    def test_braces_in_strings_comments_and_characters_do_not_count(self):
        text = 'void F() {\n  // }\n  const char* s = "}";\n  char c = \'}\';\n  int n = 1\'000;\n}\nvoid G() {}\n'
        self.assertEqual([("F", 6), ("G", 1)], self.names(text))

    def test_lambdas_count_with_the_function_around_them(self):
        self.assertEqual([("F", 3)], self.names("void F() {\n  auto f = [](int a) { return a; };\n}\n"))

    def test_tables_and_enums_are_no_functions(self):
        self.assertEqual([], self.names("enum class E { kA, kB };\nconstexpr int kT[] = {1, 2};\nstruct S { int a = 0; };\n"))
