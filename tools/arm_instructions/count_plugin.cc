// SPDX-License-Identifier: Apache-2.0
//
// A plugin for qemu-user that counts the guest's instructions and prints the number when it ends. Debian's qemu has no
// header for plugins; the few functions of the interface (version 1) that this needs are declared here by hand.
#include <cinttypes>
#include <cstddef>
#include <cstdint>
#include <cstdio>

#define STERNA_EXPORT __attribute__((visibility("default")))

extern "C" {

using PluginId = uint64_t;
struct TranslationBlock;
constexpr int kInlineAdd = 0;  // QEMU_PLUGIN_INLINE_ADD_U64

void qemu_plugin_register_vcpu_tb_trans_cb(PluginId id, void (*callback)(PluginId, TranslationBlock*));
void qemu_plugin_register_vcpu_tb_exec_inline(TranslationBlock* block, int operation, void* counter, uint64_t step);
size_t qemu_plugin_tb_n_insns(const TranslationBlock* block);
void qemu_plugin_register_atexit_cb(PluginId id, void (*callback)(PluginId, void*), void* data);
void qemu_plugin_outs(const char* text);

STERNA_EXPORT extern const int qemu_plugin_version;
const int qemu_plugin_version = 1;

}  // extern "C"

namespace {

uint64_t executed = 0;

// Adds a block's instructions whenever it runs.
void CountBlock(PluginId, TranslationBlock* block) {
  qemu_plugin_register_vcpu_tb_exec_inline(block, kInlineAdd, &executed, qemu_plugin_tb_n_insns(block));
}

void Print(PluginId, void*) {
  char text[64];
  std::snprintf(text, sizeof text, "instructions %" PRIu64 "\n", executed);
  qemu_plugin_outs(text);
}

}  // namespace

extern "C" STERNA_EXPORT int qemu_plugin_install(PluginId id, const void* /*info*/, int /*argc*/, char** /*argv*/) {
  qemu_plugin_register_vcpu_tb_trans_cb(id, CountBlock);
  qemu_plugin_register_atexit_cb(id, Print, nullptr);
  return 0;
}
