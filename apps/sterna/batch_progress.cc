// SPDX-License-Identifier: Apache-2.0
#include "batch_progress.h"

#include <fmt/format.h>

#include <cstdio>

#include "duration_text.h"
#include "streams.h"

namespace sterna::cli {
namespace {

constexpr std::chrono::milliseconds kBatchInterval{100};
constexpr size_t kBatchBarCells = 24;

}  // namespace

BatchProgress::BatchProgress() : terminal_(StderrIsTerminal()) {}

BatchProgress::~BatchProgress() {
  if (drawn_) std::fputs("\r\x1b[K", stderr);
}

// Rows of an earlier run say nothing about the speed of this one.
std::string BatchProgress::Numbers(const batch::Progress& progress, Clock::time_point now) const {
  const double seconds = std::chrono::duration<double>(now - start_).count();
  const double rows_here = double(progress.done - progress.from_journal);
  std::string text = fmt::format("{} of {} rows", progress.done, progress.rows);
  if (progress.failed > 0) text += fmt::format(", {} failed", progress.failed);
  if (seconds > 0) text += fmt::format(", {:.1f} tokens/s", double(progress.tokens) / seconds);
  if (rows_here > 0 && progress.done < progress.rows) {
    text += fmt::format(", {} left", DurationText(double(progress.rows - progress.done) * seconds / rows_here));
  }
  return text;
}

void BatchProgress::Update(const batch::Progress& progress) {
  const Clock::time_point now = Clock::now();
  if (!terminal_) {
    const size_t tenth = progress.done * 10 / progress.rows;
    if (tenth <= tenth_) return;
    tenth_ = tenth;
    std::fputs(("batch: " + Numbers(progress, now) + "\n").c_str(), stderr);
    return;
  }
  if (now - shown_ < kBatchInterval) return;
  shown_ = now;
  drawn_ = true;
  const std::string cells(progress.done * kBatchBarCells / progress.rows, '#');
  const std::string line = fmt::format("\r\x1b[K[{:-<{}}] {}", cells, kBatchBarCells, Numbers(progress, now));
  std::fputs(line.c_str(), stderr);
}

}  // namespace sterna::cli
