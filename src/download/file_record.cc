// SPDX-License-Identifier: Apache-2.0
#include "download/file_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

namespace sterna::download {
namespace {

constexpr size_t kMaxRecordBytes = size_t{1} << 16;

std::string TextOf(const nlohmann::json& record, const char* key) {
  const auto value = record.find(key);
  return value != record.end() && value->is_string() ? value->get<std::string>() : "";
}

}  // namespace

std::optional<FileRecord> ReadRecord(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kMaxRecordBytes, '\0');
  file.read(text.data(), std::streamsize(text.size()));
  text.resize(size_t(std::max<std::streamsize>(file.gcount(), 0)));
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  const auto bytes = json.find("bytes");
  if (bytes == json.end() || !bytes->is_number_unsigned()) return std::nullopt;
  return FileRecord{TextOf(json, "commit"), TextOf(json, "sha256"), TextOf(json, "etag"), bytes->get<uint64_t>()};
}

Status WriteRecord(const std::filesystem::path& path, const FileRecord& record) {
  const nlohmann::ordered_json json = {
      {"commit", record.commit}, {"sha256", record.sha256}, {"etag", record.etag}, {"bytes", record.bytes}};
  const std::filesystem::path draft = path.string() + ".tmp";
  std::ofstream file(draft, std::ios::binary | std::ios::trunc);
  file << json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
  file.close();
  std::error_code error;
  if (file) std::filesystem::rename(draft, path, error);
  if (file && !error) return {};
  std::filesystem::remove(draft, error);
  return Status::Unavailable(
      fmt::format("cannot write '{}'; make its folder writable and see that the disk is not full", path.string()));
}

bool IsSha256(const std::string& text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == text.npos;
}

}  // namespace sterna::download
