// SPDX-License-Identifier: Apache-2.0
//
// What the fuzz target of a Hugging Face folder's JSON does with an input, as a function that says what is wrong
// instead of stopping, so that a unit test can run the seeds through it.
//
// Input: one byte that chooses (even: tokenizer.json, odd: config.json), then the file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>

#include "convert/folder_config.h"
#include "format/gguf_file.h"
#include "format/json_file.h"
#include "text/folder_vocabulary.h"
#include "text/tokenizer.h"
#include "text/tokenizer_json.h"

namespace sterna::fuzz {

inline constexpr uint32_t kFuzzedVocabulary = 600;

inline std::string CheckMessage(const Status& status) {
  const bool one_line = !status.message().empty() && status.message().find('\n') == std::string::npos;
  return one_line ? "" : "the message is not one line";
}

// What is read makes a file that reads the same, and a tokenizer that takes a text or says why not.
inline std::string CheckTokenizerJson(const nlohmann::json& json) {
  auto vocabulary = text::ParseTokenizerJson(json, "fuzz", kFuzzedVocabulary);
  if (!vocabulary.ok()) return CheckMessage(vocabulary.status());
  if (const Status status = text::CheckVocabulary(*vocabulary); !status.ok()) {
    return "a vocabulary that was read fails its check: " + status.ToString();
  }
  format::GgufWriter writer;
  writer.AddString("general.architecture", "llama");
  text::AddVocabulary(*vocabulary, writer);
  const auto bytes = writer.Serialize();
  if (!bytes.ok()) return "the vocabulary cannot be written: " + bytes.status().ToString();
  const auto file = format::GgufFile::Parse(*bytes, "written");
  if (!file.ok()) return "the written file does not open: " + file.status().ToString();
  const auto again = text::ReadVocabulary(*file);
  if (!again.ok()) return "the written vocabulary is refused: " + again.status().ToString();
  if (again->tokens != vocabulary->tokens || again->kinds != vocabulary->kinds) return "tokens changed in the file";
  const auto tokenizer = text::Tokenizer::Create(std::move(*vocabulary));
  if (!tokenizer.ok()) return CheckMessage(tokenizer.status());
  const auto ids = (*tokenizer)->Encode("a b  the 123\n\xff\xe6\xb5\xb7", /*trusted=*/true, /*add_special=*/true);
  return ids.ok() ? "" : CheckMessage(ids.status());
}

// Empty, or what is wrong.
inline std::string CheckFolderJson(std::span<const uint8_t> data) {
  if (data.empty()) return {};
  const std::string text(data.begin() + 1, data.end());
  const auto json = format::ParseJson(text, "fuzz");
  if (!json.ok()) return CheckMessage(json.status());
  if (data[0] % 2 == 0) return CheckTokenizerJson(*json);
  const auto config = convert::ParseFolderConfig(*json, "fuzz");
  if (!config.ok()) return CheckMessage(config.status());
  return config->heads > 0 && config->head_dim > 0 && config->layers > 0 ? "" : "an impossible shape was read";
}

}  // namespace sterna::fuzz
