// SPDX-License-Identifier: Apache-2.0
#include "gpu/emulator/fibre.h"

#include <bit>
#include <cstdint>

#if defined(__SANITIZE_ADDRESS__)
#define STERNA_FIBRES_WITH_ASAN
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define STERNA_FIBRES_WITH_ASAN
#endif
#endif

#ifdef STERNA_FIBRES_WITH_ASAN
#include <sanitizer/common_interface_defs.h>
#endif

namespace sterna::gpu {
namespace {

constexpr size_t kStackBytes = size_t{128} << 10;  // AddressSanitizer's frames are several times as large as others

}  // namespace

Fibre::Fibre(Body body, void* context) : body_(body), context_(context), stack_(new std::byte[kStackBytes]) {
  getcontext(&own_);
  own_.uc_stack.ss_sp = stack_.get();
  own_.uc_stack.ss_size = kStackBytes;
  own_.uc_link = nullptr;
  // makecontext passes ints.
  const auto address = uint64_t(std::bit_cast<uintptr_t>(this));
  makecontext(&own_, reinterpret_cast<void (*)()>(&Fibre::Entry), 2, unsigned(address >> 32), unsigned(address));
}

void Fibre::Entry(unsigned high, unsigned low) {
  auto* const self = std::bit_cast<Fibre*>(uintptr_t(uint64_t{high} << 32 | low));
#ifdef STERNA_FIBRES_WITH_ASAN
  __sanitizer_finish_switch_fiber(nullptr, &self->caller_stack_, &self->caller_stack_bytes_);
#endif
  while (true) {
    self->body_(self->context_);
    self->ended_ = true;
    self->SwitchTo(self->own_, self->caller_, false);
  }
}

void Fibre::Resume() {
  ended_ = false;
  SwitchTo(caller_, own_, true);
}

void Fibre::Yield() { SwitchTo(own_, caller_, false); }

void Fibre::SwitchTo(ucontext_t& from, ucontext_t& to, [[maybe_unused]] bool into_fibre) {
#ifdef STERNA_FIBRES_WITH_ASAN
  void* fake_stack = nullptr;
  const void* const stack = into_fibre ? static_cast<const void*>(stack_.get()) : caller_stack_;
  __sanitizer_start_switch_fiber(&fake_stack, stack, into_fibre ? kStackBytes : caller_stack_bytes_);
  swapcontext(&from, &to);
  // Whoever comes back into the fibre learns anew where its caller's stack is.
  if (into_fibre) {
    __sanitizer_finish_switch_fiber(fake_stack, nullptr, nullptr);
  } else {
    __sanitizer_finish_switch_fiber(fake_stack, &caller_stack_, &caller_stack_bytes_);
  }
#else
  swapcontext(&from, &to);
#endif
}

}  // namespace sterna::gpu
