// SPDX-License-Identifier: Apache-2.0
#include "interrupt.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <csignal>

#include "exit_code.h"

namespace sterna::cli {
namespace {

enum class Mode : int { kExit, kNote, kHold };

// Signal handlers can only reach what is global.
std::atomic<Mode> g_mode{Mode::kExit};
std::atomic<bool> g_interrupted{false};
static_assert(std::atomic<Mode>::is_always_lock_free && std::atomic<bool>::is_always_lock_free);

void OnInterrupt(int) {
  const bool again = g_interrupted.exchange(true);
  const Mode mode = g_mode.load();
  if (mode == Mode::kExit || (mode == Mode::kNote && again)) _exit(kExitInterrupted);
}

void Enter(Mode mode) {
  g_interrupted = false;
  g_mode = mode;
}

}  // namespace

void PrepareProcess() {
  for (int descriptor = 0; descriptor <= 2; ++descriptor) {
    if (fcntl(descriptor, F_GETFD) == -1) (void)open("/dev/null", descriptor == 0 ? O_RDONLY : O_WRONLY);
  }
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, nullptr);
  struct sigaction interrupt {};
  interrupt.sa_handler = OnInterrupt;  // without SA_RESTART: a waiting read or write returns and looks at the note
  sigaction(SIGINT, &interrupt, nullptr);
}

NoteInterrupts::NoteInterrupts() { Enter(Mode::kNote); }
NoteInterrupts::~NoteInterrupts() { g_mode = Mode::kExit; }
HoldInterrupts::HoldInterrupts() { Enter(Mode::kHold); }
HoldInterrupts::~HoldInterrupts() { g_mode = Mode::kExit; }

bool Interrupted() { return g_interrupted; }

}  // namespace sterna::cli
