# SPDX-License-Identifier: Apache-2.0
"""The kernels' text is accepted by the compilers of both GPU makers, as far as these can be had here.

nvcc compiles it for four architectures and PTX into one object; every kernel keeps to its budget. For Metal, clang checks
types and address spaces with tests/support/metal in the place of Metal's library. What is not on the PATH is skipped.
"""
import collections
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
ARCHITECTURES = (80, 90, 100, 120)
# Registers a thread may take: 65536 of a multiprocessor, so 80 leave room for 6 blocks of 128 threads.
REGISTERS = collections.defaultdict(lambda: 48, TernaryRows4=64, TernaryRows8=88, TernaryTile2=88, TernaryTile3=88,
                                    AttendF32=64, AttendF16=64, AttendQ8=64)
NVCC = ["nvcc", "-std=c++17", "-O3", "-fmad=false", f"-I{ROOT / 'src'}", "--threads=2"]


def run(command):
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=280, check=False)


def properties(ptxas_output):
    """{(kernel, architecture): (spilled bytes, stack bytes, registers)} of what -Xptxas -v prints."""
    found, entry, bytes_used = {}, None, (0, 0)
    for line in ptxas_output.splitlines():
        if match := re.search(r"Compiling entry function '(\w+)' for 'sm_(\d+)'", line):
            entry = (match[1], int(match[2]))
        elif match := re.search(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads", line):
            bytes_used = (int(match[2]) + int(match[3]), int(match[1]))
        elif match := re.search(r"Used (\d+) registers", line):
            found[entry] = (*bytes_used, int(match[1]))
    return found


@unittest.skipUnless(shutil.which("nvcc"), "nvcc is not on the PATH")
class Cuda(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.kernels = set()
        for text in (ROOT / "src/gpu/kernels").glob("*.h"):
            cls.kernels.update(re.findall(r"STERNA_KERNEL\((\w+),", text.read_text(encoding="utf-8")))

    def compiled(self, name, *options):
        out = pathlib.Path(self.folder.name) / name
        result = run(NVCC + [*options, "-o", str(out), str(ROOT / "src/gpu/cuda/kernels.cu")])
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        return out, result.stdout + result.stderr

    def test_budgets_on_every_architecture(self):
        targets = [f"-gencode=arch=compute_{arch},code=sm_{arch}" for arch in ARCHITECTURES]
        _, output = self.compiled("kernels.o", "-c", "-Xptxas=-v", *targets, "-gencode=arch=compute_120,code=compute_120")
        found = properties(output)
        self.assertEqual(set(found), {(kernel, arch) for kernel in self.kernels for arch in ARCHITECTURES})
        for (kernel, arch), (spilled, stack, registers) in sorted(found.items()):
            with self.subTest(kernel=kernel, architecture=arch):
                self.assertEqual((spilled, stack), (0, 0))
                self.assertLessEqual(registers, REGISTERS[kernel])

    def test_kernels_use_the_instructions_meant_for_them(self):
        out, _ = self.compiled("kernels.ptx", "-ptx", "-arch=compute_80")
        texts = re.split(r"^\.visible \.entry (\w+)\(", out.read_text(encoding="utf-8"), flags=re.MULTILINE)
        ptx = dict(zip(texts[1::2], texts[2::2]))

        def count(kernel, instruction):
            return len(re.findall(re.escape(instruction), ptx[kernel]))

        for tokens in (1, 2, 4, 8):
            kernel = f"TernaryRows{tokens}"
            # A chunk: 16 bytes of codes and 64 activations of each token.
            self.assertGreaterEqual(count(kernel, "ld.global.v4.u32"), 1 + 4 * tokens, kernel)
            self.assertGreaterEqual(count(kernel, "dp4a.s32.s32"), 16 * tokens, kernel)
            self.assertEqual(count(kernel, "ld.global.u8"), 0, kernel)
        for kernel in ("TernaryTile2", "TernaryTile3"):
            self.assertEqual(count(kernel, "mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32"), 32, kernel)
            self.assertGreaterEqual(count(kernel, "cp.async.cg.shared.global"), 10, kernel)
            self.assertEqual(count(kernel, "ld.local"), 0, kernel)
        for kernel in ptx:
            self.assertEqual(count(kernel, "fma.rn.ftz") + count(kernel, "div.approx") + count(kernel, "sqrt.approx"), 0)


@unittest.skipUnless(shutil.which("clang++"), "clang++ is not on the PATH")
class Metal(unittest.TestCase):
    def check(self, root):
        return run(["clang++", "-std=c++14", "-pedantic-errors", "-fsyntax-only", "-xc++", "-Wall", "-Wextra", "-Werror",
                    "-Wno-unknown-attributes", "-Wno-ignored-attributes", "-Wno-unknown-pragmas", "-Wno-unused-function",
                    "-Wno-undefined-internal", "-D__METAL_VERSION__=310", "-DSTERNA_METAL_SHARED=",
                    "-isystem", str(ROOT / "tests/support/metal"), f"-I{root}", str(root / "gpu/metal/kernels.metal")])

    def test_text_is_accepted(self):
        result = self.check(ROOT / "src")
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_a_forgotten_address_space_is_noticed(self):
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(ROOT / "src/gpu", pathlib.Path(folder) / "gpu")
            text = pathlib.Path(folder) / "gpu/kernels/norm.h"
            text.write_text(text.read_text(encoding="utf-8").replace("const STERNA_GLOBAL float* const x", "const float* const x"),
                            encoding="utf-8")
            result = self.check(pathlib.Path(folder))
            self.assertNotEqual(result.returncode, 0)
            self.assertIn("norm.h", result.stderr)


if __name__ == "__main__":
    unittest.main()
