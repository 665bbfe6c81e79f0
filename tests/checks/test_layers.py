# SPDX-License-Identifier: Apache-2.0
from support import CheckTest
import check_layers


class Layers(CheckTest):
    def complaints(self, path, *includes):
        text = "".join(f"#include {include}\n" for include in includes)
        return check_layers.check(self.tree({path: text}))

    def test_lower_floors_the_porch_and_libraries_are_fine(self):
        self.assert_complains(self.complaints(
            "src/model/a.cc", '"model/b.h"', '"backend/backend.h"', '"sterna/status.h"', "<vector>", "<fmt/format.h>"))

    def test_a_higher_floor_is_not(self):
        self.assert_complains(self.complaints("src/format/a.cc", "<string>", '"model/model.h"'), "src/format/a.cc:2: format")

    def test_rooms_of_one_floor_are_strangers(self):
        self.assert_complains(self.complaints("src/format/a.h", '"sample/sampler.h"'), "same floor")

    def test_platform_may_use_base_but_not_the_other_way(self):
        self.assert_complains(self.complaints("src/platform/a.cc", '"base/log.h"'))
        self.assert_complains(self.complaints("src/base/a.cc", '"platform/topology.h"'), "same floor")

    def test_the_porch_includes_nothing_of_the_house(self):
        self.assert_complains(self.complaints("include/sterna/a.h", '"base/half.h"'), "porch")

    def test_an_unknown_room_is_named(self):
        self.assert_complains(self.complaints("src/cellar/a.cc"), "'cellar' has no floor")

    def test_a_kernel_file_of_one_instruction_set_takes_the_table_and_intrinsics_only(self):
        self.assert_complains(self.complaints(
            "src/kernels/avx2/a.cc", '"kernels/table.h"', '"kernels/avx2/dot-inl.h"', "<cstdint>", "<immintrin.h>"))
        self.assert_complains(self.complaints("src/kernels/avxvnni/a.cc", '"kernels/avx2/dot-inl.h"', '"kernels/intrinsics.h"'))
        self.assert_complains(self.complaints("src/kernels/neon/a.cc", '"kernels/scalar/scalar_ops.h"'))
        self.assert_complains(self.complaints("src/kernels/neon/a.cc", '"kernels/scalar/exp.h"'), "kernels/scalar/exp.h")
        self.assert_complains(self.complaints("src/kernels/avx2/a.cc", '"kernels/avxvnni/dot-inl.h"'), "avxvnni/dot-inl.h")
        self.assert_complains(self.complaints("src/kernels/avx2/a.cc", "<vector>"), "<vector>"[1:-1])
        self.assert_complains(self.complaints("src/kernels/avx2/a.cc", '"base/half.h"'), "base/half.h")

    def test_environment_variables_are_read_in_one_file(self):
        root = self.tree({"src/model/a.cc": 'auto x = std::getenv("HOME");\n', "src/platform/environment.cc": "getenv(name);\n"})
        self.assert_complains(check_layers.check(root), "src/model/a.cc")
