// SPDX-License-Identifier: Apache-2.0
//
// Linked into a test, replaces operator new and counts its calls on all threads.
#pragma once

#include <cstddef>

namespace sterna::testing_support {

size_t AllocationCount();

}  // namespace sterna::testing_support
