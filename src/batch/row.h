// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/conversation.h"
#include "sterna/status.h"
#include "text/chat_template.h"

namespace sterna::batch {

// A caller's name for a row. Shown again as it came: a whole number stays one.
struct RowId {
  std::string text;
  bool is_number = false;
};

// One question: a prompt, or messages, and how it is answered.
struct Row {
  std::optional<RowId> id;
  std::optional<std::string> prompt;
  std::vector<text::ChatMessage> messages;  // in place of the prompt
  std::string system;                       // for a prompt; empty = none
  bool raw = false;                         // the prompt as it is, without a chat template
  engine::TextRequest request;              // without its callbacks
  Status status;                            // not ok: why the row cannot be answered
};

struct RowResult {
  std::string output;
  std::string finish_reason;
  uint64_t prompt_tokens = 0;
  uint64_t tokens_generated = 0;
  double time_ms = 0;            // from the row's start to its end
  double tokens_per_second = 0;  // of the generation
  std::string error;             // empty: answered
};

}  // namespace sterna::batch
