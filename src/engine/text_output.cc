// SPDX-License-Identifier: Apache-2.0
#include "engine/text_output.h"

namespace sterna::engine {

TextOutput::TextOutput(const text::Tokenizer& tokenizer, std::vector<std::string> stop_strings,
                       std::function<void(std::string_view)> on_text)
    : tokenizer_(tokenizer), stops_(std::move(stop_strings)), on_text_(std::move(on_text)) {}

bool TextOutput::Push(text::TokenId token) {
  if (!stopped_) PushText(utf8_.Push(tokenizer_.TokenBytes(token)));
  return !stopped_;
}

void TextOutput::Finish() {
  if (stopped_) return;
  PushText(utf8_.Flush());
  if (!stopped_) Show(stops_.Flush());
}

void TextOutput::PushText(std::string_view text) {
  if (text.empty()) return;
  const sample::StopStringMatcher::Output output = stops_.Push(text);
  stopped_ = output.stopped;
  Show(output.text);
}

void TextOutput::Show(std::string_view text) {
  if (text.empty()) return;
  text_ += text;
  if (on_text_) on_text_(text);
}

}  // namespace sterna::engine
