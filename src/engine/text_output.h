// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "sample/stop_strings.h"
#include "text/tokenizer.h"
#include "text/utf8_stream.h"

namespace sterna::engine {

// From tokens to text as it streams: bytes -> whole UTF-8 -> without stop strings. Control tokens show nothing.
class TextOutput {
 public:
  TextOutput(const text::Tokenizer& tokenizer, std::vector<std::string> stop_strings,
             std::function<void(std::string_view)> on_text);

  // False once a stop string was completed.
  bool Push(text::TokenId token);
  // Shows what was held back. Call once, at the end.
  void Finish();
  const std::string& text() const { return text_; }
  bool stopped() const { return stopped_; }

 private:
  void Show(std::string_view text);
  void PushText(std::string_view text);

  const text::Tokenizer& tokenizer_;
  text::Utf8Stream utf8_;
  sample::StopStringMatcher stops_;
  std::function<void(std::string_view)> on_text_;
  std::string text_;
  bool stopped_ = false;
};

}  // namespace sterna::engine
