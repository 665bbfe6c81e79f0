// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace sterna::cli {

// SIGINT ends the program with exit code 130 at once, unless one of the scopes below stands. SIGPIPE is ignored: writes
// to a reader that went away fail instead (ResultStream). Closed standard descriptors are opened on /dev/null, so that
// no file of ours gets their numbers.
void PrepareProcess();

// While it stands, the first SIGINT is only noted, and a second one ends the program. Scopes nest; the innermost
// counts.
class NoteInterrupts {
 public:
  NoteInterrupts();
  ~NoteInterrupts();
  NoteInterrupts(const NoteInterrupts&) = delete;
  NoteInterrupts& operator=(const NoteInterrupts&) = delete;

 private:
  int outer_;
};

// While it stands, every SIGINT is only noted: a prompt waits for a line and Ctrl-C clears it.
class HoldInterrupts {
 public:
  HoldInterrupts();
  ~HoldInterrupts();
  HoldInterrupts(const HoldInterrupts&) = delete;
  HoldInterrupts& operator=(const HoldInterrupts&) = delete;

 private:
  int outer_;
};

// Whether a SIGINT was noted since the innermost scope began.
bool Interrupted();

// A descriptor that can be read from as soon as a SIGINT was noted, for poll(): whichever thread the signal hits, and
// however close to the call it comes, a waiting poll returns. Scopes drain it; nobody else reads it.
int InterruptDescriptor();

}  // namespace sterna::cli
