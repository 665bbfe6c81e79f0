# SPDX-License-Identifier: Apache-2.0
"""bench/compare with stand-ins: the order of runs, the figures, and what is said of engines that fail."""
import json
import unittest
import xml.etree.ElementTree

from stand_ins import BATCHED, BROKEN, DUMMY, PEER, STERNA, ScriptTest


class Compare(ScriptTest):
    def setUp(self):
        super().setUp()
        # Sterna's speed rises faster and faster from call to call, so that a median differs from a mean and a last value.
        self.sterna = self.program("sterna", STERNA, pp="100 + 10 * turn * turn", tg="30")
        self.dummy = self.program("dummy", DUMMY)

    def compare(self, *words):
        out = self.folder / "report.json"
        done = self.script("compare", "--sterna", self.sterna, "--dummy-model", self.dummy, "--models",
                           str(self.folder / "models"), "--json", str(out), "--svg", str(self.folder / "plot.svg"), *words)
        return done, json.loads(out.read_text()) if out.exists() else None

    def test_runs_take_turns_and_begin_with_another_engine_each_round(self):
        peer = self.program("peer", PEER, pp="50", tg="20")
        done, _ = self.compare("--peer", f"llama.cpp={peer}", "-r", "3", "-p", "64", "-n", "8")
        self.assertEqual(done.returncode, 0, done.stderr)
        runs = [call.split()[0] for call in self.calls() if "devices" not in call and "dummy" not in call]
        self.assertEqual(runs, ["sterna", "peer", "peer", "sterna", "sterna", "peer"])

    def test_ratios_are_medians_of_the_rounds(self):
        peer = self.program("peer", PEER, pp="50", tg="20")
        done, report = self.compare("--peer", f"llama.cpp={peer}", "-r", "3", "-p", "64", "-n", "8")
        prompt, generation = report["tests"]
        own, other = prompt["engines"]
        self.assertEqual(own["tokens_per_second"], {"median": 190, "min": 140, "max": 260, "rounds": 3})
        self.assertEqual(other["tokens_per_second"]["median"], 50)
        self.assertEqual(prompt["ratios"][0]["median"], 3.8)
        self.assertTrue(prompt["ratios"][0]["best_peer"])
        self.assertEqual(generation["ratios"][0]["median"], 1.5)
        self.assertIn("3.80 (2.80-5.20)", done.stdout)

    def test_every_row_says_isa_types_and_build(self):
        build = self.folder / "CMakeCache.txt"
        build.write_text("CMAKE_BUILD_TYPE:STRING=Release\nCMAKE_CXX_FLAGS_RELEASE:STRING=-O3\nGGML_NATIVE:BOOL=ON\n"
                         "GGML_LTO:BOOL=OFF\nCMAKE_CXX_COMPILER:FILEPATH=/usr/bin/c++\n")
        peer = self.program("peer", PEER, pp="50", tg="20")
        done, report = self.compare("--peer", f"ik_llama.cpp={peer}::-rtr 1 -fa 1", "-r", "1")
        own, other = report["tests"][0]["engines"]
        self.assertEqual((own["isa"], own["weights"], own["head"]), ("avx2", "I2_S", "Q6_K exact"))
        self.assertEqual((other["weights"], other["head"], other["flags"]), ("IQ2_BN", "Q6_K", "-rtr 1 -fa 1"))
        self.assertEqual(other["build"], "Release, c++, -O3, GGML_NATIVE=ON")
        self.assertTrue(other["isa"].startswith("native: "))
        for words in ("avx2", "IQ2_BN", "Q6_K", "Release, c++, -O3, GGML_NATIVE=ON", "-rtr 1 -fa 1"):
            self.assertIn(words, done.stdout)

    def test_a_peer_gets_a_whole_prompt_in_one_batch(self):
        peer = self.program("peer", PEER, pp="50", tg="20")
        self.compare("--peer", f"bitnet.cpp={peer}", "-r", "1", "-t", "2", "-p", "64", "-n", "8")
        call = [call for call in self.calls() if call.startswith("peer")][0]
        for words in ("-t 2", "-p 64", "-n 8", "-b 2048", "-ub 512", "-o json"):
            self.assertIn(words, call)

    def test_models_are_made_once_in_each_format_with_the_same_flags(self):
        peer = self.program("peer", PEER, pp="50", tg="20")
        for _ in range(2):
            self.compare("--peer", f"ik_llama.cpp/F16={peer}", "-r", "1", "--model-flags", "--preset tiny --zeros 0.5")
        made = [call for call in self.calls() if call.startswith("dummy")]
        self.assertEqual([call.split(" -o ")[0] for call in made],
                         [f"dummy --preset tiny --zeros 0.5 --format {name} --embedding F16" for name in ("sterna", "ik_llama.cpp")])

    def test_read_limits_are_the_better_of_before_and_after(self):
        peer = self.program("peer", PEER, pp="50", tg="20")
        done, report = self.compare("--peer", f"llama.cpp={peer}", "-r", "2")
        self.assertEqual(report["read_gb_per_second"], {"1": 10.0, "2": 24.0})
        self.assertIn("ternary linear, threads 1, tokens 16: 50.0 G multiply-adds/s", done.stdout)

    def test_prompts_are_set_against_the_integer_peak_and_generation_against_reads(self):
        peer = self.program("peer", PEER, pp="50", tg="20")
        done, report = self.compare("--peer", f"llama.cpp={peer}", "-r", "1", "-t", "2")
        prompt, generation = report["tests"]
        self.assertEqual([row["multiply_adds_per_second"] for row in prompt["engines"]], [140 * 2e9, 50 * 2e9])
        lines = done.stdout.splitlines()
        rows = [line.split() for line in lines if line.startswith("llama.cpp")]
        self.assertEqual(rows[0][4:7], ["100.0", "25", "%"])  # 100 of 400 G multiply-adds/s
        self.assertEqual(rows[1][4:7], ["20.0", "87", "%"])  # 20 of 23 GB/s
        self.assertEqual(generation["engines"][1]["gb_per_second"], 20)

    def test_a_failing_peer_is_named_and_the_others_go_on(self):
        good = self.program("peer", PEER, pp="50", tg="20")
        bad = self.program("bad", BROKEN)
        done, report = self.compare("--peer", f"llama.cpp={bad}", "--peer", f"ik_llama.cpp={good}", "-r", "2")
        self.assertEqual(done.returncode, 1)
        self.assertIn("exit 3: cannot load the model", done.stdout)
        self.assertEqual([row["label"] for row in report["tests"][0]["engines"]][1:], ["ik_llama.cpp"])
        self.assertEqual(len([call for call in self.calls() if call.startswith("bad")]), 1)

    def test_scenarios_have_the_runs_they_are_compared_with(self):
        peer = self.program("peer", PEER, pp="50", tg="20")
        done, report = self.compare("--peer", f"llama.cpp={peer}", "-r", "1", "--scenarios", "busy,above", "-t", "2")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([(test["case"], test["baseline"]) for test in report["tests"]],
                         [("1 thread", ""), ("2 threads, a core busy", "1 thread"), ("2 threads", ""),
                          ("4 threads on 2 cores", "2 threads"), ("8 threads on 2 cores", "2 threads")])
        self.assertEqual(report["tests"][1]["engines"][0]["of_baseline"]["median"], 1)

    def test_several_sequences_at_once_are_set_against_a_batched_bench(self):
        plain = self.program("llama-bench", PEER, pp="50", tg="20")
        batched = self.program("llama-batched-bench", BATCHED, batch="40")
        done, report = self.compare("--peer", f"llama.cpp={plain}", "--peer", f"llama.cpp={batched}::-rtr", "-r", "1", "-t", "2",
                                    "--scenarios", "decode,batch", "-n", "24", "--sequences", "4")
        self.assertEqual(done.returncode, 0, done.stderr)
        alone, together = report["tests"]
        self.assertEqual([row["label"] for row in alone["engines"]][1:], ["llama.cpp llama-bench"])
        self.assertEqual([row["label"] for row in together["engines"]][1:], ["llama.cpp llama-batched-bench -rtr"])
        self.assertEqual([row["multiply_adds_per_second"] for row in together["engines"]], [60 * 2e9, 40 * 2e9])
        self.assertEqual(together["ratios"][0]["median"], 1.5)
        _, report = self.compare("--peer", f"llama.cpp={batched}::-fa 1", "-r", "1", "--scenarios", "batch")
        self.assertEqual(report["tests"][0]["ratios"][0]["median"], 1.5)
        call = [call for call in self.calls() if call.startswith("llama-batched-bench")][0]
        for words in ("-npp 1", "-ntg 24", "-npl 4", "-t 2", "-rtr"):
            self.assertIn(words, call)

    def test_the_plot_is_an_svg_with_a_bar_for_each_row(self):
        peer = self.program("peer", PEER, pp="50", tg="20")
        self.compare("--peer", f"llama.cpp={peer}", "-r", "1")
        root = xml.etree.ElementTree.parse(self.folder / "plot.svg").getroot()
        bars = [element for element in root.iter("{http://www.w3.org/2000/svg}rect")]
        self.assertEqual(len(bars), 1 + 4)  # the paper, two engines in two tests

    def test_wrong_words_are_refused(self):
        for words in (["--peer", "vllm=/x"], ["--peer", "llama.cpp"], ["--scenarios", "x"], ["-t", "0"], ["-r", "0"], ["--own", "x"]):
            done = self.script("compare", *words)
            self.assertEqual(done.returncode, 2, words)


if __name__ == "__main__":
    unittest.main()
