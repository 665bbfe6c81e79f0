// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <vector>

#include "sterna/status.h"
#include "text/special_tokens.h"
#include "text/tokenizer.h"

namespace sterna::text {

// Pieces put together, and which stretches of them are trusted.
struct JoinedText {
  std::string text;
  std::vector<TextRun> runs;
};

// InvalidArgument over 2^31 - 1 bytes.
Result<JoinedText> JoinPieces(std::span<const TextPiece> pieces);

}  // namespace sterna::text
