// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "sterna/status.h"

namespace sterna::cli {

// Lines of chat from stdin.
class LineReader {
 public:
  virtual ~LineReader() = default;
  // With editing, history and a prompt on stderr when stdin is a terminal, else plain lines without a prompt.
  static std::unique_ptr<LineReader> ForStdin();

  // The next line without its end; nullopt at the end of input. Ctrl-C throws the line typed so far away.
  // ResourceExhausted for a line over 64 MiB.
  virtual Result<std::optional<std::string>> Next() = 0;
};

}  // namespace sterna::cli
