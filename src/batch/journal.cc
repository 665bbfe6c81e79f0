// SPDX-License-Identifier: Apache-2.0
#include "batch/journal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "base/status_macros.h"
#include "batch/output_file.h"
#include "batch/result_text.h"
#include "platform/file_lock.h"

namespace sterna::batch {
namespace {

constexpr std::string_view kTitle = "{\"sterna_batch_journal\":1";

std::string Header(const JournalKey& key) {
  return fmt::format("{},\"input\":\"{:016x}\",\"settings\":\"{:016x}\"}}\n", kTitle, key.input, key.settings);
}

Result<std::string> ReadAll(int descriptor, const std::string& path) {
  std::string text;
  std::string part(size_t{1} << 16, '\0');
  for (;;) {
    const ssize_t got = read(descriptor, part.data(), part.size());
    if (got == 0) return text;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Status::Corrupt(fmt::format("cannot read '{}': {}", path, std::strerror(errno)));
    text.append(part.data(), size_t(got));
  }
}

Status CheckFolder(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string folder = slash == path.npos ? "." : path.substr(0, slash + 1);
  struct stat info {};
  if (stat(folder.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) return {};
  return Status::NotFound(fmt::format("there is no folder '{}' for the output; make it first", folder));
}

Status CheckHeader(const std::string& path, std::string_view line, const JournalKey& key) {
  const std::string expected = Header(key);
  if (line == expected) return {};
  if (!line.starts_with(kTitle)) {
    return Status::Corrupt(fmt::format("'{}' is no journal of sterna batch; move it away", path));
  }
  const size_t input_end = expected.find(",\"settings\"");
  const bool other_input = line.substr(0, input_end) != std::string_view(expected).substr(0, input_end);
  return Status::InvalidArgument(fmt::format(
      "an earlier run with {} left its journal '{}'; run it again as it was, or give --restart to throw it away",
      other_input ? "another input" : "other settings or another model", path));
}

}  // namespace

struct Journal::State {
  std::string path;
  platform::FileLock lock;
  int descriptor = -1;
  bool empty = false;  // it is ours and holds no answer: nothing is lost with it
  std::map<size_t, RowResult> answers;

  State(std::string where, platform::FileLock held) : path(std::move(where)), lock(std::move(held)) {}
  ~State() {
    if (descriptor < 0) return;
    if (empty) unlink(path.c_str());
    close(descriptor);
  }

  Status Begin(const JournalKey& key) {
    if (ftruncate(descriptor, 0) != 0) {
      return Status::Unavailable(fmt::format("cannot write '{}': {}", path, std::strerror(errno)));
    }
    empty = true;
    return WriteAll(descriptor, path, Header(key));
  }

  // A line that a killed run left half is cut off, so that the next one begins a line of its own.
  Status Load(std::string_view text) {
    size_t good_bytes = text.find('\n') + 1;
    for (size_t end; (end = text.find('\n', good_bytes)) != text.npos; good_bytes = end + 1) {
      auto answer = ParseJournalLine(text.substr(good_bytes, end - good_bytes));
      if (!answer) break;
      answers.insert_or_assign(answer->first, std::move(answer->second));
    }
    if (good_bytes == text.size() || ftruncate(descriptor, off_t(good_bytes)) == 0) return {};
    return Status::Unavailable(fmt::format("cannot write '{}': {}", path, std::strerror(errno)));
  }

  Status Start(const JournalKey& key, bool anew) {
    descriptor = open(path.c_str(), O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
    if (descriptor < 0) return Status::Unavailable(fmt::format("cannot open '{}': {}", path, std::strerror(errno)));
    STERNA_ASSIGN_OR_RETURN(const std::string text, ReadAll(descriptor, path));
    const size_t end = text.find('\n');
    const bool torn = end == text.npos && std::string_view(Header(key)).starts_with(text);  // killed at its first line
    if (torn) return Begin(key);
    const Status header = CheckHeader(path, std::string_view(text).substr(0, end + 1), key);
    if (anew && header.code() != StatusCode::kCorrupt) return Begin(key);
    STERNA_RETURN_IF_ERROR(header);
    return Load(text);
  }
};

Journal::Journal(std::unique_ptr<State> state) : state_(std::move(state)) {}
Journal::Journal(Journal&&) noexcept = default;
Journal& Journal::operator=(Journal&&) noexcept = default;
Journal::~Journal() = default;

Result<Journal> Journal::Open(const std::string& path, const JournalKey& key, bool anew) {
  STERNA_RETURN_IF_ERROR(CheckFolder(path));
  STERNA_ASSIGN_OR_RETURN(auto lock, platform::FileLock::TryAcquire(path));
  if (!lock) {
    return Status::FailedPrecondition(fmt::format(
        "another process is writing this output ('{}' is locked); wait for it or give another output", path));
  }
  auto state = std::make_unique<State>(path, *std::move(lock));
  STERNA_RETURN_IF_ERROR(state->Start(key, anew));
  return Journal(std::move(state));
}

const std::map<size_t, RowResult>& Journal::answers() const { return state_->answers; }

Status Journal::Add(size_t index, const RowResult& result) {
  state_->empty = false;
  return WriteAll(state_->descriptor, state_->path, JournalLine(index, result));
}

void Journal::Remove() { unlink(state_->path.c_str()); }

}  // namespace sterna::batch
