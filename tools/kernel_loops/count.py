# SPDX-License-Identifier: Apache-2.0
"""Instructions that the inner loops of ternary kernels take, for machines that cannot run them.

    python3 tools/kernel_loops/count.py build-test/src/kernels/CMakeFiles/sterna_kernels.dir/avx512/avx512.cc.o

For each innermost loop of an x86 kernel object that multiplies codes: how often it multiplies 128 weights with 128
activations (a block of one row with one token), its instructions for one such product, and how many of them touch the
stack: sums that do not fit the registers show there.
"""
import pathlib
import re
import subprocess
import sys

FUNCTION = re.compile(r"^[0-9a-f]+ <(.*)>:\n((?:.+\n)+)", re.MULTILINE)
LINE = re.compile(r"\s*([0-9a-f]+):\s+(.*\S)", re.MULTILINE)
JUMP = re.compile(r"j\w+\s+([0-9a-f]+)\b")
PRODUCT = re.compile(r"vpmaddubsw|vpdpbusd")


def innermost_loops(body):
    """Runs of instructions from the target of a backward jump to the jump, without those that hold another."""
    lines = [(int(address, 16), text) for address, text in LINE.findall(body)]
    place = {address: i for i, (address, _) in enumerate(lines)}
    loops = []
    for i, (address, text) in enumerate(lines):
        jump = JUMP.match(text)
        if jump and int(jump[1], 16) <= address and int(jump[1], 16) in place:
            loops.append((place[int(jump[1], 16)], i))
    for first, last in loops:
        if not any(first <= a and b <= last for a, b in loops if (a, b) != (first, last)):
            yield [text for _, text in lines[first:last + 1]]


def blocks_of(instructions):
    """How many products of 128 weights a loop does: four instructions each in 32-byte registers, two in 64-byte ones."""
    products = [text for text in instructions if PRODUCT.search(text)]
    return sum(1 / 2 if "zmm" in text else 1 / 4 for text in products)


def report(disassembly):
    lines = []
    for name, body in FUNCTION.findall(disassembly):
        short = re.search(r"(\w+(?:<[^()]*>)?)\(", re.sub(r"\(anonymous namespace\)::", "", name))
        for loop in innermost_loops(body):
            blocks = blocks_of(loop)
            if blocks < 1:
                continue
            stack = sum("(%rsp" in text or "(%rbp" in text for text in loop)
            lines.append(f"{short[1] if short else name:40} {blocks:5.1f} x 128 {len(loop) / blocks:7.2f} each {stack:4} on the stack")
    return lines


def main():
    for path in sys.argv[1:]:
        command = ["objdump", "--disassemble", "--no-show-raw-insn", "--demangle", path]
        print(pathlib.Path(path).name)
        for line in report(subprocess.run(command, capture_output=True, text=True, check=True).stdout):
            print("  " + line)


if __name__ == "__main__":
    main()
