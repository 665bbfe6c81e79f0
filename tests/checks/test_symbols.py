# SPDX-License-Identifier: Apache-2.0
import pathlib
import shutil
import subprocess
import unittest

from support import CheckTest
import check_symbols


class NmOutput(unittest.TestCase):
    def test_one_table_and_local_symbols_are_fine(self):
        text = "sterna::kernels::kAvx2Table D 0000 0060\nsterna::(anonymous namespace)::Dot(int const*) t 0010 0020\n"
        self.assertEqual(([], 1), check_symbols.complaints_about("a.o", text))

    def test_weak_symbols_are_found(self):
        complaints, _ = check_symbols.complaints_about("a.o", "std::max<int>(int const&, int const&) W 0000 0010\n")
        self.assertIn("weak symbol std::max<int>(int const&, int const&)", complaints[0])

    def test_a_second_global_symbol_is_found(self):
        complaints, _ = check_symbols.complaints_about("a.o", "kAvx2Table R 0 1\nsterna::Dot(int) T 0 1\n")
        self.assertIn("sterna::Dot(int)", complaints[0])


class Objects(CheckTest):
    def test_a_build_without_vector_objects_is_an_error_unless_it_is_scalar_only(self):
        self.assert_complains(check_symbols.check(self.tree({"CMakeCache.txt": ""})), "no object")
        self.assert_complains(check_symbols.check(self.tree({"CMakeCache.txt": "STERNA_SCALAR_ONLY:BOOL=ON\n"})))

    @unittest.skipUnless(shutil.which("g++") and shutil.which("nm"), "no g++ or nm")
    def test_an_object_without_a_table_is_found(self):
        root = self.tree({"a.cc": "static int F(int a) { return a + 1; }\nint (*const g)(int) = F;\n"})
        folder = pathlib.Path(root) / "src/kernels/CMakeFiles/sterna_kernels.dir/neon"
        folder.mkdir(parents=True)
        subprocess.run(["g++", "-O0", "-c", str(root / "a.cc"), "-o", str(folder / "neon_i8mm.cc.o")], check=True)
        self.assert_complains(check_symbols.check(root), "no kernel table")

    @unittest.skipUnless(shutil.which("g++") and shutil.which("nm"), "no g++ or nm")
    def test_an_inline_function_in_a_kernel_object_is_found(self):
        root = self.tree({"a.cc": "inline int F(int a) { return a + 1; }\nextern int (*const kAvx2Table)(int);\n"
                                  "int (*const kAvx2Table)(int) = F;\n"})
        folder = pathlib.Path(root) / "src/kernels/CMakeFiles/sterna_kernels.dir/avx2"
        folder.mkdir(parents=True)
        subprocess.run(["g++", "-O0", "-c", str(root / "a.cc"), "-o", str(folder / "a.cc.o")], check=True)
        self.assert_complains(check_symbols.check(root), "weak symbol F(int)")
