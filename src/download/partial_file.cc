// SPDX-License-Identifier: Apache-2.0
#include "download/partial_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "base/status_macros.h"

namespace sterna::download {
namespace {

constexpr std::string_view kMagic = "GGUF";
constexpr size_t kReadBytes = size_t{1} << 20;

Status IoError(const char* what, const std::filesystem::path& path) {
  const int error = errno;
  const std::string text = fmt::format("cannot {} '{}': {}", what, path.string(), std::strerror(error));
  if (error == ENOSPC || error == EDQUOT || error == EFBIG) {
    return Status::ResourceExhausted(text + "; make room, the same command then goes on from here");
  }
  return Status::Unavailable(text + "; look at the folder or set STERNA_CACHE to another");
}

bool IsSameFile(const FileRecord& there, const FileRecord& wanted) {
  if (!wanted.sha256.empty()) return there.sha256 == wanted.sha256;
  return there.sha256.empty() && there.commit == wanted.commit && !there.etag.empty();
}

}  // namespace

Result<PartialFile> PartialFile::Open(const std::filesystem::path& target, const FileRecord& wanted,
                                      const Hooks& hooks) {
  PartialFile file;
  file.target_ = target;
  file.path_ = target.string() + ".partial";
  file.record_path_ = target.string() + ".partial.json";
  file.descriptor_ = open(file.path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
  struct stat info {};
  if (file.descriptor_ < 0 || fstat(file.descriptor_, &info) != 0 || !S_ISREG(info.st_mode)) {
    return IoError("open", file.path_);
  }
  file.bytes_ = uint64_t(info.st_size);
  const auto there = ReadRecord(file.record_path_);
  const bool fits = wanted.bytes == 0 || file.bytes_ <= wanted.bytes;
  file.record_ = wanted;
  if (there && fits && IsSameFile(*there, wanted)) {
    file.record_.etag = there->etag;
    if (wanted.bytes == 0) file.record_.bytes = there->bytes;
    STERNA_RETURN_IF_ERROR(file.HashWhatIsThere(hooks));
  } else {
    STERNA_RETURN_IF_ERROR(file.Restart());
  }
  STERNA_RETURN_IF_ERROR(file.SetRecord(file.record_));
  return file;
}

PartialFile::PartialFile(PartialFile&& other) noexcept
    : target_(std::move(other.target_)),
      path_(std::move(other.path_)),
      record_path_(std::move(other.record_path_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      bytes_(other.bytes_),
      start_(std::move(other.start_)),
      record_(std::move(other.record_)),
      sum_(std::move(other.sum_)) {}

PartialFile& PartialFile::operator=(PartialFile&& other) noexcept {
  std::swap(target_, other.target_);
  std::swap(path_, other.path_);
  std::swap(record_path_, other.record_path_);
  std::swap(descriptor_, other.descriptor_);
  std::swap(bytes_, other.bytes_);
  std::swap(start_, other.start_);
  std::swap(record_, other.record_);
  std::swap(sum_, other.sum_);
  return *this;
}

PartialFile::~PartialFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

Status PartialFile::SetRecord(const FileRecord& record) {
  record_ = record;
  return WriteRecord(record_path_, record_);
}

Status PartialFile::HashWhatIsThere(const Hooks& hooks) {
  std::vector<std::byte> buffer(kReadBytes);
  sum_ = Sha256();
  for (uint64_t at = 0; at < bytes_;) {
    if (hooks.ShouldStop()) return Status::Cancelled("interrupted");
    const ssize_t got = pread(descriptor_, buffer.data(), buffer.size(), off_t(at));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return IoError("read", path_);
    if (at == 0) start_.assign(reinterpret_cast<const char*>(buffer.data()), size_t(std::min<ssize_t>(got, 4)));
    sum_.Add(std::span(buffer.data(), size_t(got)));
    at += uint64_t(got);
  }
  return {};
}

Status PartialFile::CheckStart() const {
  if (start_ == kMagic.substr(0, start_.size())) return {};
  return Status::Corrupt(fmt::format(
      "what the hub sends begins with '{}' and so is no model file; look at HF_ENDPOINT and at the network's proxy",
      start_));
}

Status PartialFile::Append(std::span<const std::byte> bytes) {
  if (start_.size() < kMagic.size()) {
    const size_t missing = std::min(kMagic.size() - start_.size(), bytes.size());
    start_.append(reinterpret_cast<const char*>(bytes.data()), missing);
    STERNA_RETURN_IF_ERROR(CheckStart());
  }
  for (std::span<const std::byte> rest = bytes; !rest.empty();) {
    const ssize_t written = pwrite(descriptor_, rest.data(), rest.size(), off_t(bytes_));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return IoError("write", path_);
    sum_.Add(rest.first(size_t(written)));
    rest = rest.subspan(size_t(written));
    bytes_ += uint64_t(written);
  }
  return {};
}

Status PartialFile::Restart() {
  bytes_ = 0;
  start_.clear();
  sum_ = Sha256();
  record_.etag.clear();
  return ftruncate(descriptor_, 0) == 0 ? Status() : IoError("shorten", path_);
}

Status PartialFile::Finish() {
  const std::string sum = sum_.Finish();
  if (!record_.sha256.empty() && sum != record_.sha256) {
    Remove();
    return Status::Corrupt(fmt::format("'{}' has the SHA-256 {} and the hub says {}; it was removed, fetch it again",
                                       target_.filename().string(), sum, record_.sha256));
  }
  record_.sha256 = sum;
  record_.etag.clear();
  if (fsync(descriptor_) != 0) return IoError("write", path_);
  std::error_code error;
  std::filesystem::remove(target_.string() + ".json", error);  // of what was there before
  std::filesystem::rename(path_, target_, error);
  if (error) {
    return Status::Unavailable(fmt::format("cannot rename '{}' to '{}': {}; look at the folder", path_.string(),
                                           target_.string(), error.message()));
  }
  STERNA_RETURN_IF_ERROR(WriteRecord(target_.string() + ".json", record_));
  std::filesystem::remove(record_path_, error);
  return {};
}

void PartialFile::Remove() {
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
  std::filesystem::remove(record_path_, ignored);
}

}  // namespace sterna::download
