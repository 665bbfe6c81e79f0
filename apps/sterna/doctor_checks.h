// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "engine/engine.h"
#include "kernels/table.h"
#include "model_flags.h"
#include "sterna/status.h"

namespace sterna::cli {

// What was looked at, and what was found. A note is worth knowing and no fault.
struct Finding {
  enum class State : uint8_t { kOk, kNote, kFault };
  std::string what;  // "kernels avx2", "memory"
  State state = State::kOk;
  std::string detail;
};

// A table's kernels against the scalar ones, on random data.
Finding CheckKernels(const kernels::KernelTable& table);

// Memory that can be taken, written and read back; how much is free.
Finding CheckMemory();

// The model as its verbs load it, with the checksums that it holds, and then ten tokens. With `compare` another ten of
// the scalar kernels, which must be the same.
std::vector<Finding> CheckModel(const ModelFlags& flags, bool compare);

// A file in the cache folder, written, read back and removed; how much room there is.
Finding CheckDisk();

// Whether the hub answers. That it does not is a note: everything but `sterna pull` works without it.
Finding CheckHub();

}  // namespace sterna::cli
