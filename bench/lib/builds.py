# SPDX-License-Identifier: Apache-2.0
"""How a program was built and for which instructions, from the CMakeCache.txt of its build folder."""
import functools
import pathlib
import re

# Entries of a cache that change speed; the rest of a cache is noise in a table.
COMPILER, KIND = "CMAKE_CXX_COMPILER", "CMAKE_BUILD_TYPE"
SWITCHES = re.compile(r"^(GGML_(?:NATIVE|LTO|BLAS|OPENMP|LLAMAFILE|IQK_\w+)|BITNET_\w+|STERNA_SCALAR_ONLY)$")
# In rising order; /proc/cpuinfo's names.
VECTORS = ("avx2", "avx_vnni", "avx512f", "avx512bw", "avx512_vnni", "asimd", "asimddp", "i8mm")


def find_cache(binary):
    """The nearest CMakeCache.txt above a program, or None."""
    for folder in pathlib.Path(binary).resolve().parents:
        cache = folder / "CMakeCache.txt"
        if cache.exists():
            return cache
    return None


@functools.lru_cache(maxsize=None)
def entries(cache):
    found = {}
    for line in cache.read_text(errors="replace").splitlines():
        match = re.match(r"^([A-Za-z_0-9]+):\w+=(.*)$", line)
        if match:
            found[match.group(1)] = match.group(2)
    return found


def describe(binary):
    """"Release, g++, -O3 -DNDEBUG, GGML_NATIVE=ON", or "unknown build"."""
    cache = find_cache(binary)
    if cache is None:
        return "unknown build"
    values = entries(cache)
    kind = values.get(KIND, "")
    flags = " ".join((values.get("CMAKE_CXX_FLAGS", ""), values.get(f"CMAKE_CXX_FLAGS_{kind.upper()}", ""))).split()
    words = [kind or "no build type", pathlib.Path(values.get(COMPILER, "?")).name, " ".join(flags)]
    words += [f"{name}={value}" for name, value in sorted(values.items()) if SWITCHES.match(name) and value not in ("", "OFF")]
    return ", ".join(word for word in words if word)


def cpu_flags():
    try:
        text = pathlib.Path("/proc/cpuinfo").read_text()
    except OSError:
        return set()
    line = re.search(r"^(?:flags|Features)\s*:(.*)$", text, re.MULTILINE)
    return set(line.group(1).split()) if line else set()


def native_isa(binary):
    """What a program built for the machine it runs on may use; "unknown" when it was not built so."""
    cache = find_cache(binary)
    if cache is None or entries(cache).get("GGML_NATIVE") != "ON":
        return "unknown"
    return "native: " + (" ".join(name for name in VECTORS if name in cpu_flags()) or "no vectors")
