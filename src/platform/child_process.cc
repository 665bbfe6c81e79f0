// SPDX-License-Identifier: Apache-2.0
#include "platform/child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

namespace sterna::platform {
namespace {

// What the child has otherwise than its parent.
class SpawnSettings {
 public:
  explicit SpawnSettings(int descriptor) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_adddup2(&actions_, descriptor, kChildDescriptor);
    // Connections of the parent's clients would stay open in the child.
    posix_spawn_file_actions_addclosefrom_np(&actions_, kChildDescriptor + 1);
    posix_spawnattr_init(&attributes_);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setpgroup(&attributes_, 0);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes_, &none);
  }
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;

  const posix_spawn_file_actions_t* actions() const { return &actions_; }
  const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

Status CannotStart(int error) {
  return Status::Unavailable(fmt::format("a process cannot be started: {}; end other programs", std::strerror(error)));
}

}  // namespace

Result<ChildProcess> StartChild(const std::string& path, const std::vector<std::string>& words) {
  int ends[2] = {-1, -1};
  if (pipe2(ends, O_CLOEXEC) != 0) return CannotStart(errno);
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const SpawnSettings settings(ends[1]);
  ChildProcess child;
  const int error =
      posix_spawn(&child.id, path.c_str(), settings.actions(), settings.attributes(), arguments.data(), environ);
  close(ends[1]);
  if (error != 0) {
    close(ends[0]);
    return CannotStart(error);
  }
  child.descriptor = ends[0];
  return child;
}

bool WaitForByte(int descriptor) {
  char byte = 0;
  ssize_t count = 0;
  do {
    count = read(descriptor, &byte, 1);
  } while (count < 0 && errno == EINTR);
  close(descriptor);
  return count == 1;
}

void TellParent() {
  (void)!write(kChildDescriptor, "", 1);
  close(kChildDescriptor);
}

void WaitForEnd(pid_t id) {
  siginfo_t info{};
  while (waitid(P_PID, id_t(id), &info, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
  }
}

ChildEnd Reap(pid_t id) {
  int status = 0;
  while (waitpid(id, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(status)) return {.exit_code = 0, .signal = WTERMSIG(status)};
  return {.exit_code = WEXITSTATUS(status), .signal = 0};
}

std::string Describe(const ChildEnd& end) {
  if (end.signal == 0) return fmt::format("exit code {}", end.exit_code);
  const char* const name = sigdescr_np(end.signal);
  return fmt::format("signal {} ({})", end.signal, name != nullptr ? name : "without a name");
}

bool EndWithParent(pid_t parent) { return prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 && getppid() == parent; }

}  // namespace sterna::platform
