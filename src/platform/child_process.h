// SPDX-License-Identifier: Apache-2.0
//
// Programs that this one starts and waits for.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "sterna/status.h"

namespace sterna::platform {

// The descriptor in a child whose other end its parent reads; all others but the standard ones are closed there.
inline constexpr int kChildDescriptor = 3;

struct ChildProcess {
  pid_t id = 0;
  int descriptor = -1;  // reads what the child writes to kChildDescriptor; the caller closes it
};
// Starts `path` with `words`, the first of which is its name, in a process group of its own: what a terminal sends to
// this one's group does not reach it. Unavailable when the system refuses.
Result<ChildProcess> StartChild(const std::string& path, const std::vector<std::string>& words);

// Whether the child wrote a byte before it ended or closed its end. Waits; closes the descriptor.
bool WaitForByte(int descriptor);
// In the child: that byte.
void TellParent();

// Waits until the child ended; it can still be sent signals, and its number is not given away, until Reap.
void WaitForEnd(pid_t id);

struct ChildEnd {
  int exit_code = 0;
  int signal = 0;  // 0: it ended by itself
};
ChildEnd Reap(pid_t id);
// "exit code 3", "signal 9 (Killed)"
std::string Describe(const ChildEnd& end);

// In a child: the thread that started it takes it along with SIGTERM when it goes. False when `parent` is gone already.
bool EndWithParent(pid_t parent);

}  // namespace sterna::platform
