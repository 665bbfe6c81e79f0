// SPDX-License-Identifier: Apache-2.0
//
// Which recorder hears of engines that were given none of their own. The porch's ProfilingSession names no engine, so
// what it opens is the process's: this is one of the few things that are.
#pragma once

#include <cstdint>
#include <memory>

#include "monitor/recorder.h"

namespace sterna::monitor {

// A session is heard before a profiler. There can be one of each.
enum class Listener : uint8_t { kSession, kProfiler };

// False when there is one of that kind already.
bool Listen(Listener kind, const std::shared_ptr<Recorder>& recorder);
// Nothing when it does not listen. Engines let go of the recorder at their next step, or when they end.
void StopListening(const Recorder& recorder);

// Whoever is to be told now; null: nobody.
std::shared_ptr<Recorder> CurrentListener();
// Changes whenever CurrentListener may have: a step asks for this alone. One relaxed load.
uint64_t ListenerEpoch();

}  // namespace sterna::monitor
