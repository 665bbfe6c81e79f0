// SPDX-License-Identifier: Apache-2.0
#include "download_progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "duration_text.h"
#include "exit_code.h"
#include "streams.h"

namespace sterna::cli {
namespace {

constexpr std::chrono::milliseconds kDownloadInterval{100};
constexpr size_t kDownloadBarCells = 24;

void PrintToStderr(const std::string& text) { std::fputs(text.c_str(), stderr); }

}  // namespace

DownloadProgress::DownloadProgress() : terminal_(StderrIsTerminal()) {}

DownloadProgress::~DownloadProgress() { Clear(); }

void DownloadProgress::Clear() {
  if (drawn_) PrintToStderr("\r\x1b[K");
  drawn_ = false;
}

std::string DownloadProgress::Numbers(uint64_t done, uint64_t total, Clock::time_point now) const {
  const double seconds = std::chrono::duration<double>(now - start_).count();
  const double rate = seconds > 0 ? double(done - start_bytes_) / seconds : 0;
  std::string text = fmt::format("{:3.0f} % of {:.1f} MB", total > 0 ? 100.0 * double(done) / double(total) : 0.0,
                                 double(total) / 1e6);
  if (rate > 0) text += fmt::format(", {:.1f} MB/s, {} left", rate / 1e6, DurationText(double(total - done) / rate));
  return text;
}

void DownloadProgress::Update(uint64_t done, uint64_t total) {
  const Clock::time_point now = Clock::now();
  if (!started_ || done < start_bytes_) {  // the first time, or it began anew
    started_ = true;
    start_ = now;
    start_bytes_ = done;
    tenth_ = total > 0 ? done * 10 / total : 0;
  }
  if (!terminal_) {
    const uint64_t tenth = total > 0 ? done * 10 / total : 0;
    if (tenth <= tenth_) return;
    tenth_ = tenth;
    PrintToStderr("pull: " + Numbers(done, total, now) + "\n");
    return;
  }
  if (now - shown_ < kDownloadInterval) return;
  shown_ = now;
  drawn_ = true;
  const size_t cells = total > 0 ? size_t(double(done) / double(total) * kDownloadBarCells) : 0;
  PrintToStderr(
      fmt::format("\r\x1b[K[{:-<{}}] {}", std::string(cells, '#'), kDownloadBarCells, Numbers(done, total, now)));
}

void DownloadProgress::Note(const std::string& line) {
  Clear();
  PrintToStderr("pull: " + EscapeControls(line) + "\n");
}

}  // namespace sterna::cli
