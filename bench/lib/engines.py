# SPDX-License-Identifier: Apache-2.0
"""Programs that bench/compare runs: how each is called and how its output is read."""
import dataclasses
import json
import shlex
import subprocess

import builds

# What a llama-bench is always told: one batch for the whole prompt (a batch of 1 would time generation and call it a
# prompt), no offload, one repetition a call (rounds are bench/compare's), JSON.
PEER_FLAGS = ["-b", "2048", "-ub", "512", "-ngl", "0", "-r", "1", "-o", "json"]
# The number format and the head that each peer is best with; other heads are named behind a slash.
PEER_WEIGHTS = {"bitnet.cpp": "I2_S", "llama.cpp": "TQ2_0", "ik_llama.cpp": "IQ2_BN"}
PEER_HEADS = {"bitnet.cpp": "F16", "llama.cpp": "Q6_K", "ik_llama.cpp": "Q6_K"}


class EngineFailed(Exception):
    """An engine ended with an error, or printed something else than its results."""


@dataclasses.dataclass
class Engine:
    """A program with its model and flags. `label` is unique in one comparison."""

    label: str
    program: str
    binary: str
    head: str
    weights: str
    model: str = ""  # empty until bench/compare has made it
    flags: list = dataclasses.field(default_factory=list)
    build: str = ""
    isa: str = ""

    own = False
    writes_to_stderr = False  # its results

    def can(self, case):
        return case.sequences == 1

    def measure(self, case, timeout):
        """Of one run: "pp", "tg" and "batch" (all sequences together) in tokens/s, "tg_gb_per_second", and, of Sterna,
        "multiply_adds_per_token" in ternary products. A length of 0 leaves its test out."""
        command = self.command(case)
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
        except subprocess.TimeoutExpired:
            raise EngineFailed(f"took over {timeout} s: {shlex.join(command)}") from None
        except OSError as error:
            raise EngineFailed(str(error)) from None
        if done.returncode != 0:
            last = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()[-1]
            raise EngineFailed(f"exit {done.returncode}: {last}: {shlex.join(command)}")
        try:
            return self.read(done.stderr if self.writes_to_stderr and not done.stdout.strip() else done.stdout)
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise EngineFailed(f"cannot read what it printed ({error}): {shlex.join(command)}") from None


class Sterna(Engine):
    """`sterna bench --json`."""

    own = True

    def can(self, case):
        return True

    def command(self, case):
        batch = ["--sequences", str(case.sequences), "-c", str(case.generate + 64)] if case.sequences > 1 else []
        return [self.binary, "bench", "--json", "-m", self.model, "-t", str(case.threads), "-p", str(case.prompt),
                "-n", str(case.generate), "-r", "1", *batch, *self.flags]

    def read(self, text):
        report = json.loads(text)
        self.isa = report["kernels"]
        self.weights = report["weight_type"]
        self.head = " ".join([report["head_type"], report.get("head_mode", "")]).strip()
        results = {"multiply_adds_per_token": report["ternary_multiply_adds_per_token"]}
        for test in report["tests"]:
            if "x" in test["name"]:
                results["batch"] = test["tokens_per_second"]
                continue
            results[test["name"][:2]] = test["tokens_per_second"]
            if test["name"].startswith("tg"):
                results["tg_gb_per_second"] = test["gb_per_second"]
        return results


class Peer(Engine):
    """A llama-bench of llama.cpp or one of its forks."""

    def command(self, case):
        return [self.binary, "-m", self.model, "-t", str(case.threads), "-p", str(case.prompt), "-n", str(case.generate),
                *PEER_FLAGS, *self.flags]

    def read(self, text):
        results = {}
        for test in json.loads(text[text.index("["):]):
            name = "pp" if test["n_prompt"] else "tg"
            results[name] = test["avg_ts"]
            if name == "tg":  # one token reads every tensor of the file once, the tied head included
                results["tg_gb_per_second"] = test["avg_ts"] * test["model_size"] / 1e9
        return results


class BatchedPeer(Engine):
    """A llama-batched-bench: several sequences at once. It prints a table with bars between its columns, on stdout or, in
    some forks, as a log."""

    writes_to_stderr = True

    def can(self, case):
        return case.sequences > 1

    def command(self, case):
        tokens = case.sequences * (case.generate + 1)
        return [self.binary, "-m", self.model, "-t", str(case.threads), "-c", str(max(512, 2 * tokens)), "-b", "2048",
                "-ub", "512", "-ngl", "0", "-npp", "1", "-ntg", str(case.generate), "-npl", str(case.sequences), *self.flags]

    def read(self, text):
        table = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in text.splitlines()
                 if line.lstrip().startswith("|")]
        return {"batch": float(table[-1][table[0].index("S_TG t/s")])}


def parse_peer(text):
    """FORMAT[/HEAD]=BINARY[:MODEL[:FLAGS]] as an Engine."""
    name, equals, rest = text.partition("=")
    program, _, head = name.partition("/")
    if not equals or program not in PEER_WEIGHTS:
        raise ValueError(f"--peer {text}: it must begin with one of {', '.join(PEER_WEIGHTS)} and =")
    binary, _, rest = rest.partition(":")
    model, _, flags = rest.partition(":")
    kind = BatchedPeer if "batched" in binary.rpartition("/")[2] else Peer
    return kind(label=name, program=program, binary=binary, head=head or PEER_HEADS[program], weights=PEER_WEIGHTS[program], model=model,
                flags=shlex.split(flags), build=builds.describe(binary), isa=builds.native_isa(binary))


def tell_apart(engines):
    """Labels that are the same get what differs behind them: the program's name, or its flags."""
    labels = [engine.label for engine in engines]
    for engine in engines:
        if labels.count(engine.label) > 1:
            engine.label = " ".join([engine.label, engine.binary.rpartition("/")[2], *engine.flags])


def parse_own(text, binary):
    """LABEL=HEAD_OR_MODEL[:FLAGS] as an Engine; a name that ends in .gguf is a model, else a head's type."""
    label, equals, rest = text.partition("=")
    if not equals:
        raise ValueError(f"--own {text}: it must be LABEL=HEAD[:FLAGS] or LABEL=FILE.gguf[:FLAGS]")
    first, _, flags = rest.partition(":")
    is_file = first.endswith(".gguf")
    return Sterna(label=label, program="sterna", binary=binary, head="" if is_file else first, weights="I2_S", model=first if is_file else "",
                  flags=shlex.split(flags), build=builds.describe(binary))
