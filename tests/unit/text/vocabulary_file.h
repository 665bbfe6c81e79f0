// SPDX-License-Identifier: Apache-2.0
//
// Vocabulary-only GGUF files made in memory, each part of which a test can replace by something hostile.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "format/gguf_writer.h"
#include "text/vocabulary.h"

namespace sterna::text {

// nullopt leaves the key out.
struct VocabularyFile {
  std::optional<std::string> architecture = "bitnet-b1.58";
  std::optional<std::string> model = "gpt2";
  std::optional<std::string> pre;
  std::optional<std::vector<std::string>>
      tokens;  // the 256 bytes, "ab", <|begin_of_text|>, <|end_of_text|>, <|eot_id|>
  std::optional<std::vector<float>> scores;
  std::optional<std::vector<int32_t>> kinds;
  std::optional<std::vector<std::string>> merges = {{"a b"}};
  std::optional<uint32_t> bos = 257, eos = 258;
  std::optional<bool> add_bos = true;
  std::function<void(format::GgufWriter&)> more;  // further keys

  VocabularyFile();
  std::vector<std::byte> Bytes() const;
  // Through GgufFile::Parse with the name "v.gguf".
  Result<Vocabulary> Read() const;
};

}  // namespace sterna::text
