// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "kernels/table.h"

namespace sterna::test {

// The scalar table with one field replaced by a kernel that gets the last bit of one output wrong.
struct BrokenTable {
  std::string field;  // named as KernelCheck::field
  kernels::KernelTable table;
};

// One for every field.
std::vector<BrokenTable> BrokenTables();

}  // namespace sterna::test
