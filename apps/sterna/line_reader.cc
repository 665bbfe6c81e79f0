// SPDX-License-Identifier: Apache-2.0
#include "line_reader.h"

#include <histedit.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <clocale>
#include <cstdio>
#include <cwchar>
#include <utility>

#include "interrupt.h"
#include "streams.h"

namespace sterna::cli {
namespace {

constexpr size_t kMaxLineBytes = size_t{64} << 20;
constexpr int kHistoryLines = 500;

class PipeLineReader : public LineReader {
 public:
  Result<std::optional<std::string>> Next() override {
    const HoldInterrupts hold;
    for (;;) {
      if (const size_t end = pending_.find('\n', searched_); end != std::string::npos) {
        std::string line = pending_.substr(0, end);
        pending_.erase(0, end + 1);
        searched_ = 0;
        return std::optional<std::string>(std::move(line));
      }
      searched_ = pending_.size();
      if (pending_.size() > kMaxLineBytes) {
        return Status::ResourceExhausted("a line of stdin is longer than 64 MiB; send shorter messages");
      }
      if (!Fill()) break;
    }
    if (pending_.empty()) return std::optional<std::string>();
    searched_ = 0;
    return std::optional<std::string>(std::exchange(pending_, {}));
  }

 private:
  bool Fill() {
    char part[4096];
    for (;;) {
      const ssize_t got = read(STDIN_FILENO, part, sizeof(part));
      if (got > 0) {
        pending_.append(part, size_t(got));
        return true;
      }
      if (got < 0 && errno == EINTR) continue;
      return false;
    }
  }

  std::string pending_;
  size_t searched_ = 0;  // bytes of pending_ known to hold no line end
};

const char* Prompt(EditLine*) { return "> "; }

constexpr char kEndOfInput = 4;  // Ctrl-D

class TerminalLineReader : public LineReader {
 public:
  TerminalLineReader() {
    std::setlocale(LC_CTYPE, "");  // only what a character is: numbers keep their decimal point
    editor_ = el_init("sterna", stdin, stderr, stderr);
    history_ = history_init();
    HistEvent event;
    history(history_, &event, H_SETSIZE, kHistoryLines);
    history(history_, &event, H_SETUNIQUE, 1);
    el_set(editor_, EL_CLIENTDATA, this);
    el_set(editor_, EL_PROMPT, Prompt);
    el_set(editor_, EL_EDITOR, "emacs");
    el_set(editor_, EL_HIST, history, history_);
    el_set(editor_, EL_GETCFN, ReadCharacter);
  }
  ~TerminalLineReader() override {
    history_end(history_);
    el_end(editor_);
  }

  Result<std::optional<std::string>> Next() override {
    int count = 0;
    const char* text = nullptr;
    do {  // an interrupted el_gets returns nothing, and the next one begins with an empty line
      const HoldInterrupts hold;
      interrupted_ = false;
      EnterRawMode();
      text = el_gets(editor_, &count);
      std::fputs(text == nullptr || count <= 0 ? "\n" : "", stderr);
    } while ((text == nullptr || count <= 0) && interrupted_);
    if (text == nullptr || count <= 0) return std::optional<std::string>();
    std::string line(text);
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
    if (!line.empty()) {
      HistEvent event;
      history(history_, &event, H_ENTER, text);
    }
    return std::optional<std::string>(std::move(line));
  }

 private:
  // Before the prompt shows, so that what is typed after it meets the editor. What was typed earlier, while the
  // terminal kept lines, waits in its queue; there the kernel has put a 0 in place of each Ctrl-D.
  void EnterRawMode() {
    el_set(editor_, EL_PREP_TERM, 1);
    int waiting_bytes = 0;
    typed_ahead_bytes_ = ioctl(STDIN_FILENO, FIONREAD, &waiting_bytes) == 0 ? waiting_bytes : 0;
  }

  // 1 and a byte, 0 at the end of input, -1 after Ctrl-C.
  ssize_t ReadByte(char* byte) {
    for (;;) {
      pollfd sources[2] = {{STDIN_FILENO, POLLIN, 0}, {InterruptDescriptor(), POLLIN, 0}};
      if (poll(sources, 2, -1) < 0 && errno != EINTR) return -1;
      interrupted_ = (sources[1].revents & POLLIN) != 0;
      if (interrupted_) return -1;
      if (sources[0].revents == 0) continue;
      const ssize_t got = read(STDIN_FILENO, byte, 1);
      if (got < 0 && errno == EINTR) continue;
      if (got == 1 && typed_ahead_bytes_ > 0) {
        --typed_ahead_bytes_;
        if (*byte == 0) *byte = kEndOfInput;
      }
      return got;
    }
  }

  // For libedit, which is told the same as by ReadByte.
  static int ReadCharacter(EditLine* editor, wchar_t* character) {
    TerminalLineReader* self = nullptr;
    el_get(editor, EL_CLIENTDATA, &self);
    std::mbstate_t state{};
    for (;;) {
      char byte = 0;
      const ssize_t got = self->ReadByte(&byte);
      if (got <= 0) return static_cast<int>(got);
      const size_t length = std::mbrtowc(character, &byte, 1, &state);
      if (length == 0 || length == 1) return 1;
      if (length == static_cast<size_t>(-1)) state = {};  // no character of the locale: the byte is dropped
    }
  }

  EditLine* editor_ = nullptr;
  History* history_ = nullptr;
  bool interrupted_ = false;   // the last line was thrown away by Ctrl-C
  int typed_ahead_bytes_ = 0;  // not yet read, of those that waited when raw mode began
};

}  // namespace

std::unique_ptr<LineReader> LineReader::ForStdin() {
  if (StdinIsTerminal()) return std::make_unique<TerminalLineReader>();
  return std::make_unique<PipeLineReader>();
}

}  // namespace sterna::cli
