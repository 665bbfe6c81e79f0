// SPDX-License-Identifier: Apache-2.0
#include "exit_code.h"

#include <fmt/format.h>

#include <cstdio>

namespace sterna::cli {
namespace {

// How to mend what a room below reported without saying so.
const char* Advice(StatusCode code) {
  switch (code) {
    case StatusCode::kInvalidArgument: return "; see the verb's --help";
    case StatusCode::kNotFound: return "; check the path";
    case StatusCode::kCorrupt: return "; fetch or make the file again";
    case StatusCode::kUnsupported: return "; sterna inspect FILE says what it holds";
    case StatusCode::kResourceExhausted: return "; ask for less or raise the limit";
    case StatusCode::kInternal: return "; this is a bug in Sterna, please report it";
    default: return "";
  }
}

}  // namespace

int ExitCodeFor(StatusCode code) {
  switch (code) {
    case StatusCode::kOk: return kExitOk;
    case StatusCode::kInvalidArgument: return kExitUsage;
    case StatusCode::kNotFound:
    case StatusCode::kCorrupt:
    case StatusCode::kUnsupported: return kExitFile;
    case StatusCode::kResourceExhausted: return kExitLimit;
    case StatusCode::kCancelled: return kExitInterrupted;
    case StatusCode::kFailedPrecondition:
    case StatusCode::kUnavailable:
    case StatusCode::kInternal: return kExitFailed;
  }
  return kExitFailed;
}

std::string EscapeControls(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const auto byte = static_cast<unsigned char>(c);
    const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : 0);
    if (byte == 0xc2 && next >= 0x80 && next < 0xa0) {  // U+0080..U+009F: control characters of eight-bit terminals
      out += fmt::format("\\x{:02x}", next);
      ++i;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out;
}

void PrintError(const Status& status) {
  const bool advised = status.message().find("; ") != std::string::npos;
  const std::string line =
      fmt::format("sterna: error: {}{}\n", EscapeControls(status.message()), advised ? "" : Advice(status.code()));
  std::fputs(line.c_str(), stderr);
}

int Finish(const Status& status) {
  if (!status.ok() && status.code() != StatusCode::kCancelled) PrintError(status);
  return ExitCodeFor(status.code());
}

}  // namespace sterna::cli
