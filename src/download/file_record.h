// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "sterna/status.h"

namespace sterna::download {

// What is known about a fetched file, or about the part of one that is there: FILE.json beside FILE, and
// FILE.partial.json beside FILE.partial.
struct FileRecord {
  std::string commit;
  std::string sha256;  // empty: the hub gave none
  std::string etag;    // of whoever sent the bytes; empty: none that a later request could rely on
  uint64_t bytes = 0;  // of the whole file
};

// nullopt when there is none that can be read.
std::optional<FileRecord> ReadRecord(const std::filesystem::path& path);

// Replaces the file whole.
Status WriteRecord(const std::filesystem::path& path, const FileRecord& record);

// 64 lower-case hexadecimal digits.
bool IsSha256(const std::string& text);

}  // namespace sterna::download
