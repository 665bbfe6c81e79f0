# SPDX-License-Identifier: Apache-2.0
"""sterna devices."""

import unittest

from harness import SternaTest, environment


class Devices(SternaTest):
    def test_quick_measures_nothing(self):
        report = self.ok_json("devices", "--quick", "--json")
        self.assertLessEqual({"cpu", "features", "usable_cores", "kernels", "memory_available_bytes",
                              "memory_left_in_cgroup_bytes"}, set(report))
        self.assertNotIn("limits", report)
        self.assertGreaterEqual(report["usable_cores"], 1)

    def test_one_table_is_chosen_and_scalar_is_there(self):
        tables = self.ok_json("devices", "--quick", "--json")["kernels"]
        self.assertEqual(sum(table["chosen"] for table in tables), 1)
        self.assertTrue(all(table["runs"] == (not table["missing"]) for table in tables))
        self.assertEqual(tables[-1]["isa"], "scalar")

    def test_the_environment_forces_a_table(self):
        tables = self.ok_json("devices", "--quick", "--json", env=environment(STERNA_ISA="scalar"))["kernels"]
        self.assertEqual([table["isa"] for table in tables if table["chosen"]], ["scalar"])

    def test_limits_are_measured(self):
        limits = self.ok_json("devices", "--json")["limits"]
        self.assertEqual(limits["read_bandwidth"][0]["threads"], 1)
        self.assertTrue(all(one["gb_per_second"] > 0 for one in limits["read_bandwidth"]))
        self.assertTrue(all(one["multiply_adds_per_second"] > 0 for one in limits["ternary_linear"]))

    def test_text_for_people(self):
        text = self.ok("devices", "--quick")
        self.assertIn("usable cores", text)
        for table in self.ok_json("devices", "--quick", "--json")["kernels"]:
            if table["missing"]:
                self.assertIn(f"{table['isa']}: cannot run, lacks {' '.join(table['missing'])}", text)


if __name__ == "__main__":
    unittest.main()
