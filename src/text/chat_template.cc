// SPDX-License-Identifier: Apache-2.0
#include "text/chat_template.h"

#include <fmt/format.h>

#include "base/status_macros.h"
#include "text/chat_formats.h"
#include "text/known_tokens.h"

namespace sterna::text {
namespace {

constexpr std::string_view kBuiltInNames = "bitnet, llama3, chatml, falcon3";

// What a stored template shows of the format it renders, looked for in this order.
struct Mark {
  std::string_view text;
  std::string_view also;  // a second text that must be there too; empty: none
  std::string_view name;
};
constexpr Mark kMarks[] = {
    {"<|start_header_id|>", "", "llama3"},  {"<|im_start|>", "", "chatml"},   {"Assistant: ", "<|eot_id|>", "bitnet"},
    {"capitalize", "<|eot_id|>", "bitnet"}, {"<|assistant|>", "", "falcon3"},
};

// Stored in the published 2B-4T file, but not what that model was trained on.
constexpr std::string_view kLegacyBitnetMark = "BITNETAssistant";

std::string_view RecognizeStored(std::string_view stored) {
  for (const Mark& mark : kMarks) {
    if (stored.find(mark.text) != std::string_view::npos && stored.find(mark.also) != std::string_view::npos) {
      return mark.name;
    }
  }
  return {};
}

std::string_view NameForArchitecture(std::string_view architecture, const Vocabulary& vocabulary) {
  if (architecture.starts_with("bitnet")) return "bitnet";
  if (FindControlToken(vocabulary, {"<|start_header_id|>"})) return "llama3";
  if (FindControlToken(vocabulary, {"<|im_start|>"})) return "chatml";
  return {};
}

struct NamedReason {
  std::string_view name;
  std::string reason;
};

Result<NamedReason> ChooseName(std::string_view architecture, const Vocabulary& vocabulary) {
  const std::string_view stored = vocabulary.chat_template;
  if (stored.find(kLegacyBitnetMark) != std::string_view::npos) {
    return NamedReason{"bitnet", "the stored template is the legacy one, which the model was not trained on"};
  }
  if (const std::string_view name = RecognizeStored(stored); !name.empty()) {
    return NamedReason{name, "recognized by the marks of the stored template"};
  }
  const std::string_view problem = stored.empty() ? "the file stores no template" : "the stored template is not known";
  if (const std::string_view name = NameForArchitecture(architecture, vocabulary); !name.empty()) {
    return NamedReason{name, fmt::format("{}; chosen by architecture '{}' and special tokens", problem, architecture)};
  }
  return Status::Unsupported(
      fmt::format("chat template: {}, and none is built in for architecture '{}'; name one with --chat-template ({})",
                  problem, architecture, kBuiltInNames));
}

}  // namespace

Result<std::unique_ptr<const ChatTemplate>> ChatTemplate::BuiltIn(std::string_view name) {
  if (auto found = MakeChatFormat(name, nullptr)) return found;
  return Status::NotFound(
      fmt::format("chat template '{}' is not built in; known are {}", name.substr(0, 64), kBuiltInNames));
}

Result<ChatTemplate::Choice> ChatTemplate::ForModel(std::string_view architecture, const Vocabulary& vocabulary,
                                                    std::string_view override_name) {
  NamedReason chosen{override_name, "asked for"};
  if (override_name.empty()) {
    STERNA_ASSIGN_OR_RETURN(chosen, ChooseName(architecture, vocabulary));
  }
  Choice choice{MakeChatFormat(chosen.name, &vocabulary), {}};
  if (!choice.chat_template) return BuiltIn(chosen.name).status();
  choice.reason = fmt::format("{}: {}", chosen.name, chosen.reason);
  return choice;
}

}  // namespace sterna::text
