// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "download/file_record.h"
#include "download/hooks.h"
#include "download/sha256.h"
#include "sterna/status.h"

namespace sterna::download {

// FILE.partial and its record: bytes that are there already are kept when they are of the file that is wanted. The
// caller holds the file's lock.
class PartialFile {
 public:
  // Opens or makes it. Bytes of another file than `wanted` go: another checksum, or, where the hub gives none, another
  // commit or no ETag that could tell. What stays is read once for the checksum.
  static Result<PartialFile> Open(const std::filesystem::path& target, const FileRecord& wanted, const Hooks& hooks);
  PartialFile(PartialFile&&) noexcept;
  PartialFile& operator=(PartialFile&&) noexcept;
  ~PartialFile();

  uint64_t bytes() const { return bytes_; }
  const FileRecord& record() const { return record_; }

  Status SetRecord(const FileRecord& record);  // on disk before the bytes that it describes
  Status Append(std::span<const std::byte> bytes);
  Status Restart();  // throws the bytes away
  // Moves it to its place, beside a record. Corrupt when the checksum differs; the part is then removed.
  Status Finish();
  void Remove();

 private:
  PartialFile() = default;
  Status HashWhatIsThere(const Hooks& hooks);
  Status CheckStart() const;

  std::filesystem::path target_, path_, record_path_;
  int descriptor_ = -1;
  uint64_t bytes_ = 0;
  std::string start_;  // the first four bytes
  FileRecord record_;
  Sha256 sum_;
};

}  // namespace sterna::download
