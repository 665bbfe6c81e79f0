// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "sterna/status.h"

namespace sterna::cli {

// The exit codes of every verb (docs/cli.md).
enum ExitCode : int {
  kExitOk = 0,
  kExitFailed = 1,  // failed while running
  kExitUsage = 2,   // a flag, a variable or a verb is wrong
  kExitFile = 3,    // a file is missing, invalid or unsupported
  kExitLimit = 4,   // out of memory or over a limit
  kExitInterrupted = 130,
};

// The only place where a kind of Status becomes an exit code.
int ExitCodeFor(StatusCode code);

// "sterna: error: ..." as one line on stderr; control characters are escaped, so that hostile names stay one line.
void PrintError(const Status& status);

// Prints the error of a bad status and returns its exit code; kExitOk for an ok one.
int Finish(const Status& status);

// `text` with control characters written as \n, \t or \xHH, so that it is safe to show on a terminal.
std::string EscapeControls(std::string_view text);

}  // namespace sterna::cli
