// SPDX-License-Identifier: Apache-2.0
#include "npy_file.h"

#include <fmt/format.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <cstring>

#include "base/status_macros.h"

namespace sterna::cli {
namespace {

static_assert(std::endian::native == std::endian::little, "rows are written as they lie in memory");

constexpr size_t kHeaderAlignment = 64;

// Magic, version 1.0, header length, then a Python dictionary padded with spaces and ended by a line feed.
std::string Header(const std::vector<uint64_t>& shape) {
  std::string dimensions;
  for (const uint64_t dimension : shape) dimensions += fmt::format("{}, ", dimension);
  std::string text = fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}), }}", dimensions);
  const size_t fixed = 10;
  while ((fixed + text.size() + 1) % kHeaderAlignment != 0) text += ' ';
  text += '\n';
  const auto length = static_cast<uint16_t>(text.size());
  std::string header("\x93NUMPY\x01\x00", 8);
  header += static_cast<char>(length & 0xff);
  header += static_cast<char>(length >> 8);
  return header + text;
}

}  // namespace

NpyFile::NpyFile(std::string path, std::string temporary, std::unique_ptr<std::FILE, Closer> file)
    : path_(std::move(path)), temporary_(std::move(temporary)), file_(std::move(file)) {}

NpyFile::~NpyFile() {
  if (file_) std::remove(temporary_.c_str());
}

Status NpyFile::Failed(const char* what) const {
  return Status::Unavailable(
      fmt::format("cannot {} '{}': {}; give a path that can be written with -o", what, path_, std::strerror(errno)));
}

Result<NpyFile> NpyFile::Create(const std::string& path, const std::vector<uint64_t>& shape) {
  const std::string temporary = fmt::format("{}.part{}", path, getpid());
  NpyFile npy(path, temporary, std::unique_ptr<std::FILE, Closer>(std::fopen(temporary.c_str(), "wb")));
  if (!npy.file_) return npy.Failed("create");
  const std::string header = Header(shape);
  if (std::fwrite(header.data(), 1, header.size(), npy.file_.get()) != header.size()) return npy.Failed("write");
  return npy;
}

Status NpyFile::Append(std::span<const float> values) {
  if (std::fwrite(values.data(), sizeof(float), values.size(), file_.get()) != values.size()) return Failed("write");
  return {};
}

Status NpyFile::Close() {
  if (std::fclose(file_.release()) != 0 || std::rename(temporary_.c_str(), path_.c_str()) != 0) {
    Status status = Failed("finish");
    std::remove(temporary_.c_str());
    return status;
  }
  return {};
}

}  // namespace sterna::cli
