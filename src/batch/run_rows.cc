// SPDX-License-Identifier: Apache-2.0
#include "batch/run_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>

#include "base/status_macros.h"

namespace sterna::batch {
namespace {

using Clock = std::chrono::steady_clock;

// As `sterna run` makes it of the same prompt.
Result<std::vector<text::TokenId>> PromptTokens(const Row& row, const text::Tokenizer& tokenizer,
                                                const text::ChatTemplate* chat_template) {
  if (row.raw) return tokenizer.Encode(*row.prompt, true, true);
  std::vector<text::ChatMessage> messages = row.messages;
  if (messages.empty()) {
    if (chat_template == nullptr) return tokenizer.Encode(*row.prompt, false, true);
    if (!row.system.empty()) messages.push_back({text::Role::kSystem, row.system});
    messages.push_back({text::Role::kUser, *row.prompt});
  }
  if (chat_template == nullptr) {
    return Status::Unsupported("the model has no chat template for 'messages'; give --chat-template or a 'prompt'");
  }
  return text::EncodeChat(tokenizer, *chat_template, messages);
}

// Faults of the engine, which the next row would meet as well.
bool EndsRun(StatusCode code) { return code == StatusCode::kCorrupt || code == StatusCode::kCancelled; }

class RowRunner {
 public:
  RowRunner(engine::Engine& engine, std::span<const Row> rows, Journal& journal, const RunOptions& options)
      : engine_(engine), rows_(rows), journal_(journal), options_(options), results_(rows.size()) {
    progress_.rows = rows.size();
    for (const auto& [index, answer] : journal.answers()) {
      if (index < rows.size()) results_[index] = answer;
    }
    for (size_t i = 0; i < rows.size(); ++i) {
      if (!journal.answers().contains(i)) waiting_.push_back(i);
    }
    progress_.done = progress_.from_journal = rows.size() - waiting_.size();
  }

  Result<std::vector<RowResult>> Run() {
    std::vector<std::thread> threads;
    for (size_t i = 0; i < std::min<size_t>(options_.workers, waiting_.size()); ++i) {
      try {
        threads.emplace_back([this] { Work(); });
      } catch (const std::system_error&) {
        if (threads.empty()) return Status::ResourceExhausted("the system gives no thread for the rows");
        break;  // fewer will do
      }
    }
    for (std::thread& thread : threads) thread.join();
    if (!status_.ok()) return status_;
    return std::move(results_);
  }

 private:
  void Work() {
    try {
      const Status status = WorkOn();
      if (!status.ok()) End(status);
    } catch (const std::bad_alloc&) {
      End(Status::ResourceExhausted("out of memory; give fewer --workers or a smaller --ctx"));
    }
  }

  Status WorkOn() {
    STERNA_ASSIGN_OR_RETURN(const auto session, engine_.NewSession());
    for (size_t next; !Stopped() && (next = next_++) < waiting_.size();) {
      const size_t index = waiting_[next];
      session->Truncate(0);
      RowResult result;
      const Status status = Answer(*session, rows_[index], result);
      if (EndsRun(status.code())) return status;
      if (!status.ok()) result.error = status.message();
      STERNA_RETURN_IF_ERROR(Keep(index, std::move(result)));
    }
    return Stopped() ? Status::Cancelled("interrupted") : Status();
  }

  bool Stopped() const { return ended_ || (options_.should_stop && options_.should_stop()); }

  // Cancelled and Corrupt end the run, other errors are the row's.
  Status Answer(engine::Session& session, const Row& row, RowResult& result) const {
    STERNA_RETURN_IF_ERROR(RowFault(row.status));
    const Clock::time_point start = Clock::now();
    auto tokens = PromptTokens(row, engine_.tokenizer(), options_.chat_template.get());
    if (!tokens.ok()) return RowFault(tokens.status());
    result.prompt_tokens = tokens->size();
    bool timed_out = false;
    engine::TextRequest request = row.request;
    request.cancelled = [&] {
      timed_out = options_.row_timeout && Clock::now() - start > *options_.row_timeout;
      return timed_out || Stopped();
    };
    STERNA_ASSIGN_OR_RETURN(const engine::TextResult answer,
                            engine::CompleteTokens(session, engine_.tokenizer(), *std::move(tokens), request));
    result.output = answer.text;
    result.finish_reason = std::string(engine::FinishReasonName(answer.finish_reason));
    result.tokens_generated = answer.tokens.size();
    result.time_ms = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
    result.tokens_per_second = answer.timings.DecodeTokensPerSecond();
    if (answer.finish_reason != engine::FinishReason::kCancelled) return {};
    if (!timed_out) return Status::Cancelled("interrupted");
    return Status::Unavailable(fmt::format("no answer within {:g} s", options_.row_timeout->count()));
  }

  // A row's own status, whatever its code, does not end the run.
  static Status RowFault(const Status& status) {
    return EndsRun(status.code()) ? Status::InvalidArgument(status.message()) : status;
  }

  Status Keep(size_t index, RowResult result) {
    const std::lock_guard lock(mutex_);
    if (result.error.empty()) STERNA_RETURN_IF_ERROR(journal_.Add(index, result));
    ++progress_.done;
    progress_.failed += result.error.empty() ? 0 : 1;
    progress_.tokens += result.tokens_generated;
    results_[index] = std::move(result);
    if (options_.on_progress) options_.on_progress(progress_);
    return {};
  }

  // The first fault counts; the other workers stop at their next token.
  void End(const Status& status) {
    const std::lock_guard lock(mutex_);
    if (status_.ok()) status_ = status;
    ended_ = true;
  }

  engine::Engine& engine_;
  const std::span<const Row> rows_;
  Journal& journal_;
  const RunOptions& options_;
  std::vector<size_t> waiting_;  // indices of rows without an answer
  std::atomic<size_t> next_{0};
  std::atomic<bool> ended_{false};

  std::mutex mutex_;
  std::vector<RowResult> results_;  // guarded by mutex_ while threads run, and so are the next two
  Progress progress_;
  Status status_;
};

}  // namespace

Result<std::vector<RowResult>> RunRows(engine::Engine& engine, std::span<const Row> rows, Journal& journal,
                                       const RunOptions& options) {
  return RowRunner(engine, rows, journal, options).Run();
}

}  // namespace sterna::batch
