// SPDX-License-Identifier: Apache-2.0
#include "download/fetch_file.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "base/status_macros.h"
#include "download/partial_file.h"
#include "download/retry.h"

namespace sterna::download {
namespace {

constexpr uint64_t kProgressBytes = uint64_t{1} << 20;  // what counts as progress between two tries

std::optional<uint64_t> Number(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// "bytes 5-9/10": the first and the length of the whole.
struct ContentRange {
  uint64_t first = 0;
  std::optional<uint64_t> whole;
};

std::optional<ContentRange> ParseContentRange(std::string_view text) {
  const size_t dash = text.find('-'), slash = text.find('/');
  if (!text.starts_with("bytes ") || dash == text.npos || slash == text.npos || slash < dash) return std::nullopt;
  const auto first = Number(text.substr(6, dash - 6));
  if (!first) return std::nullopt;
  return ContentRange{*first, Number(text.substr(slash + 1))};
}

// "\"abc\"" or W/"abc" without what is around it.
std::string BareEtag(std::string text) {
  if (text.starts_with("W/")) text.erase(0, 2);
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') return text.substr(1, text.size() - 2);
  return text;
}

// An ETag that If-Range may carry: strong, quoted, visible characters.
std::string StrongEtag(const std::string& text) {
  if (text.size() < 3 || text.size() > 200 || text.front() != '"' || text.back() != '"') return "";
  for (const char c : text) {
    if (c < 0x21 || c > 0x7e) return "";
  }
  return text;
}

// One file on its way: what each answer's head must say, and its body.
class Transfer {
 public:
  Transfer(const FileSource& source, PartialFile& file, const std::function<Status(uint64_t, uint64_t)>& reserve,
           const Hooks& hooks)
      : source_(source), file_(file), reserve_(reserve), hooks_(hooks) {}

  bool HasAll() const { return file_.record().bytes > 0 && file_.bytes() == file_.record().bytes; }

  HttpOutcome Try(HttpClient& client, const Settings& settings) {
    HttpRequest request;
    request.url = source_.url;
    request.bearer = settings.token;
    request.range_start = file_.bytes();
    if (source_.wanted.sha256.empty()) request.if_range = file_.record().etag;
    request.should_stop = hooks_.should_stop;
    request.on_head = [this](const ResponseHead& head) { return OnHead(head); };
    request.on_body = [this](std::span<const std::byte> bytes) { return OnBody(bytes); };
    HttpOutcome outcome = client.Get(request);
    if (outcome.status.ok() && !HasAll()) {
      outcome.status = Status::Unavailable(
          fmt::format("the connection ended after {} of {} bytes; try again", file_.bytes(), file_.record().bytes));
      outcome.may_retry = true;
    }
    return outcome;
  }

 private:
  // What an answer's head says is wrong: nothing was written yet, and what is there may still be good.
  static Status Contradiction(const std::string& what) {
    return Status::Corrupt(what + "; try again later, or fetch it anew with --force");
  }

  Status OnHead(const ResponseHead& head) {
    std::optional<uint64_t> whole = Number(head.Header("content-length"));
    if (head.status == 206) {
      const auto range = ParseContentRange(head.Header("content-range"));
      if (!range || range->first != file_.bytes()) {
        return Contradiction("the server sends another part than it was asked for");
      }
      whole = range->whole;
    }
    STERNA_ASSIGN_OR_RETURN(FileRecord record, Learn(head, Number(head.Header("x-linked-size")), whole));
    if (head.status != 206 && file_.bytes() > 0) {
      hooks_.Note(source_.name + ": the server sends the whole file, so it starts anew");
      STERNA_RETURN_IF_ERROR(file_.Restart());
    }
    if (!reserved_) STERNA_RETURN_IF_ERROR(reserve_(record.bytes, record.bytes - file_.bytes()));
    reserved_ = true;
    return file_.SetRecord(record);
  }

  // Puts together what the list, the hub and the sender say of size and checksum; they must agree.
  Result<FileRecord> Learn(const ResponseHead& head, std::optional<uint64_t> linked,
                           std::optional<uint64_t> whole) const {
    FileRecord record = file_.record();
    for (const auto& said : {linked, whole}) {
      if (!said) continue;
      if (record.bytes == 0) record.bytes = *said;
      if (*said != record.bytes) {
        return Contradiction(fmt::format("it should have {} bytes and the server sends {}", record.bytes, *said));
      }
    }
    if (record.bytes == 0) return Contradiction("the hub does not say how large it is");
    const std::string linked_sum = BareEtag(head.Header("x-linked-etag"));
    if (record.sha256.empty() && IsSha256(linked_sum)) record.sha256 = linked_sum;
    if (IsSha256(linked_sum) && linked_sum != record.sha256) return Contradiction("the hub says two checksums of it");
    record.etag = StrongEtag(head.Header("etag"));
    return record;
  }

  Status OnBody(std::span<const std::byte> bytes) {
    const uint64_t whole = file_.record().bytes;
    Status status;
    if (bytes.size() > whole - file_.bytes()) {
      status = Status::Corrupt(fmt::format("more than its {} bytes come; it was removed, try again later", whole));
    } else {
      status = file_.Append(bytes);
    }
    if (status.code() == StatusCode::kCorrupt) file_.Remove();
    if (status.ok() && hooks_.on_progress) hooks_.on_progress(file_.bytes(), whole);
    return status;
  }

  const FileSource& source_;
  PartialFile& file_;
  const std::function<Status(uint64_t, uint64_t)>& reserve_;
  const Hooks& hooks_;
  bool reserved_ = false;
};

Status FetchRest(HttpClient& client, const Settings& settings, Transfer& transfer, PartialFile& file,
                 const Hooks& hooks) {
  Retry retry(settings.retries, hooks);
  uint64_t bytes_before = file.bytes();
  bool restarted = false;
  while (!transfer.HasAll()) {
    const HttpOutcome outcome = transfer.Try(client, settings);
    if (outcome.status.ok()) break;
    if (outcome.http_status == 416 && file.bytes() > 0 && !restarted) {
      restarted = true;  // what is there is no beginning of what the server has
      STERNA_RETURN_IF_ERROR(file.Restart());
      continue;
    }
    if (file.bytes() >= bytes_before + kProgressBytes) retry.Reset();
    bytes_before = file.bytes();
    STERNA_RETURN_IF_ERROR(retry.Wait(outcome));
  }
  return {};
}

}  // namespace

Status FetchFile(HttpClient& client, const Settings& settings, const FileSource& source,
                 const std::filesystem::path& target, const std::function<Status(uint64_t, uint64_t)>& reserve,
                 const Hooks& hooks) {
  STERNA_ASSIGN_OR_RETURN(PartialFile file, PartialFile::Open(target, source.wanted, hooks));
  if (file.bytes() > 0) hooks.Note(fmt::format("{}: goes on after {:.1f} MB", source.name, double(file.bytes()) / 1e6));
  Transfer transfer(source, file, reserve, hooks);
  if (Status status = FetchRest(client, settings, transfer, file, hooks); !status.ok()) {
    if (file.bytes() == 0) file.Remove();
    if (status.code() == StatusCode::kCancelled) return status;
    return {status.code(), source.name + ": " + status.message()};
  }
  if (file.record().sha256.empty()) hooks.Note(source.name + ": the hub gives no checksum; only the size was checked");
  return file.Finish();
}

}  // namespace sterna::download
