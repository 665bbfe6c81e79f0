// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "engine/engine_core.h"
#include "sterna/memory.h"

namespace sterna::engine {

// What the engine holds by its own books, which the kernel's figures agree with (docs/memory.md). `peak_bytes` is kept
// up to date. Any thread; one call at a time for each `peak_bytes`.
MemoryStats ReadMemoryStats(const EngineCore& core, uint64_t& peak_bytes);

}  // namespace sterna::engine
