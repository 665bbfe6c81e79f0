// SPDX-License-Identifier: Apache-2.0
#include "platform/mapped_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

#include "base/checked_math.h"
#include "platform/bus_fault_guard.h"
#include "platform/descriptor.h"

namespace sterna::platform {
namespace {

Status Refuse(StatusCode code, const std::string& path, std::string_view why) {
  return {code, fmt::format("file '{}': {}", path, why)};
}

Status CannotOpen(const std::string& path, int error) {
  if (error == ENOMEM || error == EMFILE || error == ENFILE) {
    return Refuse(StatusCode::kResourceExhausted, path, std::strerror(error));
  }
  return Refuse(StatusCode::kNotFound, path, fmt::format("cannot be opened: {}", std::strerror(error)));
}

Status CheckRegular(const std::string& path, mode_t mode) {
  if (S_ISREG(mode)) return {};
  const char* const kind = S_ISDIR(mode)                    ? "a directory"
                           : S_ISFIFO(mode)                 ? "a pipe"
                           : S_ISSOCK(mode)                 ? "a socket"
                           : S_ISCHR(mode) || S_ISBLK(mode) ? "a device"
                                                            : "not a regular file";
  return Refuse(StatusCode::kUnsupported, path, fmt::format("is {}; a regular file is needed", kind));
}

// O_NONBLOCK: opening a pipe would wait for a writer.
Descriptor OpenForReading(const std::string& path) {
  return Descriptor(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
}

}  // namespace

struct MappedFile::State {
  std::string path;
  std::byte* data = nullptr;
  size_t size_bytes = 0;
  dev_t device = 0;  // with inode: which file it is, whatever the path leads to later
  ino_t inode = 0;
  Descriptor reads;  // after EnableReads
  BusFaultGuard guard;

  ~State() {
    guard = {};  // the range may be anything after munmap
    if (data != nullptr) munmap(data, size_bytes);
  }
};

Result<MappedFile> MappedFile::Open(const std::string& path) {
  if (path.empty()) return Refuse(StatusCode::kInvalidArgument, path, "the path is empty");
  if (path.find('\0') != path.npos) return Refuse(StatusCode::kInvalidArgument, path, "the path holds a zero byte");
  struct stat info {};
  // Looked at before it is opened, because opening some devices has effects; and once more after, because the name may
  // point elsewhere by then.
  if (stat(path.c_str(), &info) != 0) return CannotOpen(path, errno);
  if (Status status = CheckRegular(path, info.st_mode); !status.ok()) return status;
  const Descriptor file = OpenForReading(path);
  if (file.fd < 0) return CannotOpen(path, errno);
  if (fstat(file.fd, &info) != 0) return CannotOpen(path, errno);
  if (Status status = CheckRegular(path, info.st_mode); !status.ok()) return status;

  auto state = std::make_unique<State>();
  state->path = path;
  state->size_bytes = size_t(info.st_size);
  state->device = info.st_dev;
  state->inode = info.st_ino;
  if (state->size_bytes == 0) return MappedFile(std::move(state));
  void* const data = mmap(nullptr, state->size_bytes, PROT_READ, MAP_PRIVATE, file.fd, 0);
  if (data == MAP_FAILED) {
    return Refuse(errno == ENOMEM ? StatusCode::kResourceExhausted : StatusCode::kUnsupported, path,
                  fmt::format("cannot be mapped ({} B): {}", state->size_bytes, std::strerror(errno)));
  }
  state->data = static_cast<std::byte*>(data);
  state->guard = BusFaultGuard::Watch(data, state->size_bytes);
  if (!state->guard.active()) {
    return Refuse(StatusCode::kResourceExhausted, path,
                  fmt::format("{} files are mapped already", BusFaultGuard::kMaxRanges));
  }
  return MappedFile(std::move(state));
}

MappedFile::MappedFile(std::unique_ptr<State> state) : state_(std::move(state)) {}
MappedFile::MappedFile(MappedFile&&) noexcept = default;
MappedFile& MappedFile::operator=(MappedFile&&) noexcept = default;
MappedFile::~MappedFile() = default;

std::span<const std::byte> MappedFile::bytes() const { return {state_->data, state_->size_bytes}; }

const std::string& MappedFile::path() const { return state_->path; }

bool MappedFile::Faulted() const { return state_->guard.Faulted(); }

Status MappedFile::Check() const {
  if (!Faulted()) return {};
  return Refuse(
      StatusCode::kCorrupt, path(),
      fmt::format("shrank or could not be read while it was in use; it had {} B when opened", bytes().size()));
}

Status MappedFile::EnableReads() {
  if (state_->reads.fd >= 0) return {};
  Descriptor file = OpenForReading(path());
  struct stat info {};
  if (file.fd < 0 || fstat(file.fd, &info) != 0) return CannotOpen(path(), errno);
  if (info.st_dev != state_->device || info.st_ino != state_->inode) {
    return Refuse(StatusCode::kCorrupt, path(), "was replaced by another file while it was in use");
  }
  state_->reads = std::move(file);
  return {};
}

bool MappedFile::reads_enabled() const { return state_->reads.fd >= 0; }

Status MappedFile::ReadAt(size_t offset_bytes, std::span<std::byte> out) const {
  while (!out.empty()) {
    const ssize_t count = pread(state_->reads.fd, out.data(), out.size(), off_t(offset_bytes));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Refuse(StatusCode::kCorrupt, path(), fmt::format("cannot be read: {}", std::strerror(errno)));
    if (count == 0) {
      return Refuse(StatusCode::kCorrupt, path(),
                    fmt::format("shrank while it was in use; it had {} B when opened", bytes().size()));
    }
    out = out.subspan(size_t(count));
    offset_bytes += size_t(count);
  }
  return {};
}

void MappedFile::AdviseSequential() const {
  if (state_->data != nullptr) madvise(state_->data, state_->size_bytes, MADV_SEQUENTIAL);
}

void MappedFile::AdviseWillNeed(size_t offset_bytes, size_t size_bytes) const {
  if (offset_bytes >= state_->size_bytes) return;
  const size_t page_bytes = size_t(sysconf(_SC_PAGESIZE));
  const size_t begin = offset_bytes / page_bytes * page_bytes;
  const size_t end = offset_bytes + std::min(size_bytes, state_->size_bytes - offset_bytes);
  madvise(state_->data + begin, end - begin, MADV_WILLNEED);
}

void MappedFile::AdviseDone(size_t offset_bytes, size_t size_bytes) const {
  if (offset_bytes >= state_->size_bytes) return;
  const size_t page_bytes = size_t(sysconf(_SC_PAGESIZE));
  const size_t begin = RoundUp(offset_bytes, page_bytes);
  const size_t end = (offset_bytes + std::min(size_bytes, state_->size_bytes - offset_bytes)) / page_bytes * page_bytes;
  if (begin < end) madvise(state_->data + begin, end - begin, MADV_DONTNEED);
}

}  // namespace sterna::platform
