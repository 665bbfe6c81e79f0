// SPDX-License-Identifier: Apache-2.0
#include "interrupt.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>

#include "exit_code.h"

namespace sterna::cli {
namespace {

enum class Mode : int { kExit, kNote, kHold };

// Signal handlers can only reach what is global.
std::atomic<Mode> g_mode{Mode::kExit};
std::atomic<bool> g_interrupted{false};
static_assert(std::atomic<Mode>::is_always_lock_free && std::atomic<bool>::is_always_lock_free);

int g_wake[2] = {-1, -1};  // a pipe: read end, write end

void OnInterrupt(int) {
  const int saved_errno = errno;
  const bool again = g_interrupted.exchange(true);  // before the wake-up: any thread may run this
  (void)!write(g_wake[1], "", 1);
  errno = saved_errno;
  const Mode mode = g_mode.load();
  if (mode == Mode::kExit || (mode == Mode::kNote && again)) _exit(kExitInterrupted);
}

// Returns the mode of the scope around.
int Enter(Mode mode) {
  g_interrupted = false;
  char noted[64];
  while (read(g_wake[0], noted, sizeof(noted)) > 0) {
  }
  return static_cast<int>(g_mode.exchange(mode));
}

void Leave(int outer) { g_mode = static_cast<Mode>(outer); }

}  // namespace

void PrepareProcess() {
  for (int descriptor = 0; descriptor <= 2; ++descriptor) {
    if (fcntl(descriptor, F_GETFD) == -1) (void)open("/dev/null", descriptor == 0 ? O_RDONLY : O_WRONLY);
  }
  (void)!pipe2(g_wake, O_CLOEXEC | O_NONBLOCK);
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, nullptr);
  struct sigaction interrupt {};
  interrupt.sa_handler = OnInterrupt;  // without SA_RESTART: a waiting read or write returns and looks at the note
  sigaction(SIGINT, &interrupt, nullptr);
}

NoteInterrupts::NoteInterrupts() : outer_(Enter(Mode::kNote)) {}
NoteInterrupts::~NoteInterrupts() { Leave(outer_); }
HoldInterrupts::HoldInterrupts() : outer_(Enter(Mode::kHold)) {}
HoldInterrupts::~HoldInterrupts() { Leave(outer_); }

bool Interrupted() { return g_interrupted; }

int InterruptDescriptor() { return g_wake[0]; }

}  // namespace sterna::cli
