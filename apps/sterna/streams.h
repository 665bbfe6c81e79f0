// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "sterna/status.h"

namespace sterna::cli {

// stdout, for results only. Unbuffered, so that text shows as it comes and nothing is lost when the program ends.
class ResultStream {
 public:
  // False when nothing more can be written: the reader went away (`| head -1`), or a fault that status() tells.
  bool Write(std::string_view text);
  bool closed() const { return closed_; }
  // ok when the reader went away: it had all it wanted.
  const Status& status() const { return status_; }

 private:
  bool closed_ = false;
  Status status_;
};

bool StdinIsTerminal();
bool StderrIsTerminal();

// All of stdin. ResourceExhausted above `limit_bytes`.
Result<std::string> ReadStdin(size_t limit_bytes);

// All of a file ("-" is stdin). NotFound or Corrupt name the file; ResourceExhausted above `limit_bytes`.
Result<std::string> ReadTextFile(const std::string& path, size_t limit_bytes);

}  // namespace sterna::cli
