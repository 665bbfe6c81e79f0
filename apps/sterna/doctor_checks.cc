// SPDX-License-Identifier: Apache-2.0
#include "doctor_checks.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <memory>
#include <new>

#include "base/status_macros.h"
#include "download/http_client.h"
#include "download/settings.h"
#include "format/checksums.h"
#include "format/gguf_file.h"
#include "kernels/self_check.h"
#include "model_loading.h"
#include "platform/memory_usage.h"

namespace sterna::cli {
namespace {

namespace fs = std::filesystem;
using State = Finding::State;

constexpr uint64_t kSeed = 20240917;
constexpr size_t kMemoryWords = size_t{8} << 20;  // 64 MB of 64-bit words
constexpr uint32_t kTokens = 10;
constexpr uint32_t kHubTimeoutSeconds = 5;
constexpr uint64_t kLittleRoomBytes = uint64_t{1} << 30;

Finding Fault(std::string what, const Status& status) { return {std::move(what), State::kFault, status.message()}; }

// A word that depends on its place, so that no address line may be stuck.
uint64_t WordAt(size_t index) { return (index + 1) * 0x9e3779b97f4a7c15u; }

Result<std::vector<text::TokenId>> TenTokens(const ModelFlags& flags, const engine::EngineOptions& options,
                                             std::string& detail) {
  STERNA_ASSIGN_OR_RETURN(const LoadedModel model, LoadModel(flags, options));
  engine::GenerateRequest request;
  STERNA_ASSIGN_OR_RETURN(request.prompt, model.engine->tokenizer().Encode("What is a tern?", false, true));
  request.sampling.temperature = 0;
  request.max_tokens = kTokens;
  request.ignore_end_of_generation = true;
  STERNA_ASSIGN_OR_RETURN(const engine::GenerateResult result, model.session->Generate(request));
  if (result.tokens.size() != kTokens) {
    return Status::Internal(fmt::format("{} tokens came in place of {}", result.tokens.size(), kTokens));
  }
  const engine::LoadReport& report = model.engine->report();
  detail = fmt::format("'{}' loaded in {:.0f} ms, {} tokens at {:.1f} a second with {} on {} thread(s)", model.path,
                       report.load_ms, kTokens, result.timings.DecodeTokensPerSecond(), report.kernels, report.threads);
  return result.tokens;
}

// What cannot be read is for loading to tell.
bool HasChecksums(const ModelFlags& flags) {
  const auto path = flags.ModelPath();
  if (!path.ok()) return false;
  const auto file = format::GgufFile::Open(*path);
  return file.ok() && file->FindTensor(format::kChecksumsTensor) != nullptr;
}

// Written to the disk, not only to memory.
Status WriteAndReadBack(const std::string& path) {
  const auto failed = [&] {
    return Status::Unavailable(
        fmt::format("'{}': {}; give another folder with STERNA_CACHE_DIR", path, std::strerror(errno)));
  };
  const std::string text(size_t{1} << 20, 's');
  const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) return failed();
  std::string back(text.size(), '\0');
  const bool written = write(descriptor, text.data(), text.size()) == ssize_t(text.size()) && fsync(descriptor) == 0;
  const bool read = written && pread(descriptor, back.data(), back.size(), 0) == ssize_t(back.size());
  const Status status = read ? Status() : failed();
  close(descriptor);
  unlink(path.c_str());
  if (read && back != text) return Status::Corrupt(fmt::format("'{}' reads back as something else", path));
  return status;
}

}  // namespace

Finding CheckKernels(const kernels::KernelTable& table) {
  const std::string what = fmt::format("kernels {}", table.isa);
  const Status status = kernels::SelfCheck(table, kSeed);
  return status.ok() ? Finding{what, State::kOk, "equal to the scalar ones"} : Fault(what, status);
}

Finding CheckMemory() {
  const std::unique_ptr<uint64_t[]> words(new (std::nothrow) uint64_t[kMemoryWords]);
  if (!words) return {"memory", State::kFault, fmt::format("the system gives no {} MB", kMemoryWords * 8 >> 20)};
  volatile uint64_t* const memory = words.get();  // so that the reads are not left out
  for (size_t i = 0; i < kMemoryWords; ++i) memory[i] = WordAt(i);
  for (size_t i = 0; i < kMemoryWords; ++i) {
    if (memory[i] != WordAt(i))
      return {"memory", State::kFault, "it does not keep what is written; test the machine's memory"};
  }
  return {"memory", State::kOk, fmt::format("{:.1f} GB free", double(platform::AvailableMemoryBytes()) / 1e9)};
}

std::vector<Finding> CheckModel(const ModelFlags& flags, bool compare) {
  auto options = flags.EngineOptions();
  if (!options.ok()) return {Fault("model", options.status())};
  options->verify_checksums = HasChecksums(flags);
  std::string detail;
  const auto tokens = TenTokens(flags, *options, detail);
  if (!tokens.ok()) return {Fault("model", tokens.status())};
  std::vector<Finding> findings = {{"model", State::kOk, detail}};
  if (!compare) return findings;
  options->isa = "scalar";
  const auto scalar = TenTokens(flags, *options, detail);
  if (!scalar.ok()) {
    findings.push_back(Fault("tokens", scalar.status()));
  } else if (*scalar != *tokens) {
    findings.push_back({"tokens", State::kFault, "the scalar kernels give other tokens"});
  } else {
    findings.push_back({"tokens", State::kOk, "the same with the scalar kernels"});
  }
  return findings;
}

Finding CheckDisk() {
  const auto settings = download::Settings::FromEnvironment();
  if (!settings.ok()) return Fault("disk", settings.status());
  const fs::path folder = settings->cache_folder;
  if (folder.empty()) return {"disk", State::kNote, "nothing says where models are kept; set HOME or STERNA_CACHE_DIR"};
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    return {"disk", State::kFault,
            fmt::format("cannot make '{}': {}; give another folder with STERNA_CACHE_DIR", folder.string(),
                        error.message())};
  }
  const Status status = WriteAndReadBack((folder / fmt::format(".doctor-{}", getpid())).string());
  if (!status.ok()) return Fault("disk", status);
  const uint64_t room = fs::space(folder, error).available;
  return {"disk", room < kLittleRoomBytes ? State::kNote : State::kOk,
          fmt::format("{:.1f} GB free in '{}'", double(room) / 1e9, folder.string())};
}

Finding CheckHub() {
  auto settings = download::Settings::FromEnvironment();
  if (!settings.ok()) return Fault("hub", settings.status());
  if (settings->offline) return {"hub", State::kNote, "not asked: HF_HUB_OFFLINE is set"};
  settings->timeout_seconds = kHubTimeoutSeconds;
  auto client = download::HttpClient::Create(*settings);
  if (!client.ok()) return Fault("hub", client.status());
  download::HttpRequest request;
  request.url = settings->endpoint + "/api/models?limit=1";
  request.on_head = [](const download::ResponseHead&) { return Status(); };
  request.on_body = [](std::span<const std::byte>) { return Status(); };
  const download::HttpOutcome outcome = client->Get(request);
  if (outcome.http_status != 0) return {"hub", State::kOk, fmt::format("{} answers", settings->endpoint)};
  return {"hub", State::kNote, fmt::format("{}: models cannot be pulled now", outcome.status.message())};
}

}  // namespace sterna::cli
