# SPDX-License-Identifier: Apache-2.0
from support import CheckTest
import check_tests


class Registration(CheckTest):
    def test_a_named_test_is_fine(self):
        self.assert_complains(check_tests.check(self.tree(
            {"tests/unit/a/x_test.cc": "", "tests/unit/a/CMakeLists.txt": "sterna_test(x SOURCES x_test.cc)\n"})))

    def test_an_unnamed_test_is_found(self):
        root = self.tree({"tests/unit/a/x_test.cc": "", "tests/unit/a/CMakeLists.txt": "# x_test.cc\n", "tests/e2e/test_y.py": ""})
        self.assert_complains(check_tests.check(root), "tests/e2e/test_y.py: not named", "tests/unit/a/x_test.cc: not named")

    def test_a_name_without_a_file_is_found(self):
        root = self.tree({"tests/unit/a/CMakeLists.txt": "sterna_test(x SOURCES x_test.cc)\n"})
        self.assert_complains(check_tests.check(root), "no file x_test.cc")

    def test_a_glob_over_python_tests_counts(self):
        self.assert_complains(check_tests.check(self.tree(
            {"tests/a/test_y.py": "", "tests/a/CMakeLists.txt": "file(GLOB t test_*.py)\n"})))

    def test_a_list_of_areas_counts(self):
        root = self.tree({"tests/a/test_y.py": "", "tests/a/test_z.py": "",
                          "tests/a/CMakeLists.txt": "foreach(area y)\n add_test(COMMAND test_${area})\n"})
        self.assert_complains(check_tests.check(root), "tests/a/test_z.py: not named")
