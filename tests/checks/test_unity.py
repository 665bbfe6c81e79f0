# SPDX-License-Identifier: Apache-2.0
from support import CheckTest
import check_unity


class Unity(CheckTest):
    def complaints(self, first, second, paths=("src/a/one.cc", "src/a/two.cc")):
        text = "namespace sterna::a {{\nnamespace {{\n\n{}\n\n}}  // namespace\n}}  // namespace sterna::a\n"
        return check_unity.check(self.tree(dict(zip(paths, (text.format(first), text.format(second))))))

    def test_names_of_their_own_are_fine(self):
        self.assert_complains(self.complaints("constexpr int kOne = 1;", "constexpr int kTwo = 2;"))
        self.assert_complains(self.complaints("struct One {\n  int name;\n};", "struct Two {\n  int name;\n};"))

    def test_rooms_are_not_joined(self):
        paths = ("src/a/one.cc", "src/b/two.cc")
        self.assert_complains(self.complaints("constexpr int kOne = 1;", "constexpr int kOne = 1;", paths))

    def test_the_same_constant_or_type_is_not(self):
        self.assert_complains(self.complaints("constexpr char kOne[] = \"\";", "constexpr int kOne = 1;"), "kOne")
        self.assert_complains(self.complaints("struct One {\n};", "class One {\n};"), "One")

    def test_functions_differ_by_their_parameters(self):
        self.assert_complains(self.complaints("int Of(int a) { return a; }", "int Of(int a, int b) { return a + b; }"))
        self.assert_complains(self.complaints("int Of(const std::string& a) {\n}", "void Of(const std::string& other) {\n}"), "Of")

    def test_an_alias_of_the_same_is_fine(self):
        self.assert_complains(self.complaints("using One = int;", "using One = int;"))
        self.assert_complains(self.complaints("using One = int;", "using One = char;"), "One")


if __name__ == "__main__":
    import unittest
    unittest.main()
