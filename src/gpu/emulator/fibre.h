// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ucontext.h>

#include <cstddef>
#include <memory>

namespace sterna::gpu {

// A function with a stack of its own that can stop in its middle. It runs its body once for each Start; one that is
// destroyed in its middle is forgotten without unwinding. Everything happens on the thread that calls Resume.
class Fibre {
 public:
  using Body = void (*)(void* context);

  Fibre(Body body, void* context);
  Fibre(const Fibre&) = delete;
  Fibre& operator=(const Fibre&) = delete;

  // Runs until Yield or until the body returns.
  void Resume();
  // From inside the body: back to whoever resumed it.
  void Yield();
  // From inside Resume's caller: whether the body has returned since it was last begun. The next Resume begins it anew.
  bool ended() const { return ended_; }

 private:
  static void Entry(unsigned high, unsigned low);
  void SwitchTo(ucontext_t& from, ucontext_t& to, bool into_fibre);

  Body body_;
  void* context_;
  bool ended_ = true;
  std::unique_ptr<std::byte[]> stack_;
  ucontext_t own_ = {}, caller_ = {};
  // The stacks as AddressSanitizer knows them.
  [[maybe_unused]] const void* caller_stack_ = nullptr;
  [[maybe_unused]] size_t caller_stack_bytes_ = 0;
};

}  // namespace sterna::gpu
