// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace sterna::download {

// How a pull talks with its caller. Each may be empty.
struct Hooks {
  std::function<bool()> should_stop;                               // polled at least once a second
  std::function<void(uint64_t done, uint64_t total)> on_progress;  // bytes of the file; often
  std::function<void(const std::string& line)> on_note;            // what a user should know: "trying again in 2 s"

  bool ShouldStop() const { return should_stop && should_stop(); }
  void Note(const std::string& line) const {
    if (on_note) on_note(line);
  }
};

}  // namespace sterna::download
