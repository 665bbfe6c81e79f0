# SPDX-License-Identifier: Apache-2.0
"""sterna completion, by sourcing the scripts in the shells themselves."""

import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from harness import SternaTest


class Shell(SternaTest):
    shell = None

    @classmethod
    def setUpClass(cls):
        if cls.shell and not shutil.which(cls.shell):
            raise unittest.SkipTest(f"{cls.shell} is not installed")

    def run_shell(self, *words, script):
        """Runs the shell with the completion script's path in $1; lines of stdout."""
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "script"
            path.write_text(self.ok("completion", self.shell))
            (pathlib.Path(folder) / "model.gguf").write_text("")
            done = subprocess.run([self.shell, *words, "-c", script, "sh", str(path)], capture_output=True, text=True,
                                  timeout=60, cwd=folder, check=False, env={"PATH": "/usr/bin:/bin", "HOME": folder})
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout.splitlines()

    def flags_of(self, *verb):
        """The long flags that --help shows."""
        return set(re.findall(r"^\s+(?:-\w,)?(--[\w-]+)", self.ok(*verb, "--help"), re.MULTILINE))


class Bash(Shell):
    shell = "bash"

    def complete(self, *words):
        quoted = " ".join(f"'{word}'" for word in ("sterna", *words))
        return self.run_shell("--norc", script=f'source "$1"; COMP_WORDS=({quoted}); COMP_CWORD={len(words)}; _sterna; '
                                               'printf "%s\\n" "${COMPREPLY[@]}"; complete -p sterna >/dev/null')

    def test_verbs(self):
        self.assertEqual(self.complete("con"), ["convert", "config"])
        self.assertIn("--version", self.complete(""))

    def test_every_flag_that_help_shows(self):
        for verb in re.findall(r"^  (\w+)  ", self.ok("--help"), re.MULTILINE):
            if verb == "eval":
                continue
            with self.subTest(verb=verb):
                self.assertEqual({word for word in self.complete(verb, "--")}, self.flags_of(verb))

    def test_parts_of_verbs(self):
        self.assertEqual(self.complete("eval", ""), ["logits", "perplexity"])
        self.assertEqual(self.complete("eval", "logits", "--al"), ["--all"])
        self.assertEqual(self.complete("eval", "perplexity", "--al"), [""])

    def test_values(self):
        self.assertEqual(self.complete("run", "--i2s-layout", ""), ["auto", "x86", "neon", "rows4"])
        self.assertEqual(self.complete("run", "--i2s-layout", "=", "r"), ["rows4"])
        self.assertEqual(self.complete("run", "--kv", ""), ["f32", "f16", "q8"])
        self.assertEqual(self.complete("convert", "--to", "i2"), ["i2_s"])
        self.assertEqual(self.complete("completion", "z"), ["zsh"])
        self.assertEqual(self.complete("config", "v"), ["validate"])

    def test_files(self):
        for words in (("run", "-m", "mod"), ("-v", "chat", "--model", "mod"), ("inspect", "mod"), ("convert", "mod")):
            self.assertEqual(self.complete(*words), ["model.gguf"], words)
        self.assertEqual(self.complete("run", "-n", "mod"), [""])


class Zsh(Shell):
    shell = "zsh"

    def call(self, *words):
        """What the function hands to zsh's own completers."""
        quoted = " ".join(f"'{word}'" for word in ("sterna", *words))
        return self.run_shell("-f", script='autoload -U compinit; compinit -D -u; source "$1"; '
                              '[ "$_comps[sterna]" = _sterna ] || exit 9; '
                              '_arguments() { print -rl -- "$@" }; _values() { print -rl -- "$@" }; '
                              '_describe() { print -rl -- "${(@P)2}" }; '
                              f"words=({quoted}); CURRENT={len(words) + 1}; _sterna")

    def test_verbs(self):
        self.assertIn("run:Answer one prompt", self.call(""))

    def test_flags_values_and_files(self):
        specs = self.call("run", "-")
        self.assertEqual({match.group(1) for spec in specs if (match := re.match(r"\*(--[\w-]+)\[", spec))},
                         self.flags_of("run"))
        self.assertTrue(any(spec.startswith("*--i2s-layout[") and spec.endswith(":(auto x86 neon rows4)") for spec in specs))
        self.assertTrue(any(spec.startswith("*--model[") and spec.endswith(":FILE:_files") for spec in specs))

    def test_parts_of_verbs(self):
        self.assertEqual(self.call("eval", ""), ["part", "logits", "perplexity"])
        self.assertTrue(any(spec.startswith("*--all[") for spec in self.call("eval", "logits", "-")))

    def test_real_arguments_take_the_specs(self):
        # Outside of a completion _arguments complains of that alone, and before that of any spec it cannot read.
        lines = self.run_shell("-f", script='autoload -U compinit; compinit -D -u; source "$1"; print ok')
        self.assertEqual(lines, ["ok"])


class Fish(Shell):
    shell = "fish"

    def complete(self, line):
        lines = self.run_shell("--no-config", script=f"source $argv[2]; complete -C '{line}'")
        return [word.split("\t")[0] for word in lines]

    def test_verbs_flags_values_and_files(self):
        self.assertIn("convert", self.complete("sterna con"))
        self.assertEqual(self.complete("sterna run --i2s-layout "), ["auto", "neon", "rows4", "x86"])
        self.assertEqual({word for word in self.complete("sterna run --")}, self.flags_of("run"))
        self.assertEqual(self.complete("sterna run -m mod"), ["model.gguf"])
        self.assertEqual(self.complete("sterna eval "), ["logits", "perplexity"])
        self.assertIn("--all", self.complete("sterna eval logits --a"))


class Errors(SternaTest):
    def test_unknown_shells(self):
        self.assertIn("bash, zsh or fish", self.fails(2, "completion", "tcsh"))
        self.assertIn("bash, zsh or fish", self.fails(2, "completion"))


del Shell

if __name__ == "__main__":
    unittest.main()
