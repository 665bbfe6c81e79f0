// SPDX-License-Identifier: Apache-2.0
#include "serve_instance.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/status_macros.h"
#include "platform/environment.h"
#include "platform/worker_binding.h"
#include "sterna/config.h"

namespace sterna::cli {
namespace {

constexpr char kFlag[] = "--instances";

Result<std::vector<Config>> Shares(const ModelFlags& flags, uint32_t instances) {
  STERNA_ASSIGN_OR_RETURN(const config::Resolved resolved, flags.config.Resolve());
  const MiB memory_mb = resolved.config.engine.memory_limit_mb.value_or(instances);  // none: nothing to share
  return Config::load_balanced(resolved.config, instances, memory_mb);
}

Status AssignNumber(ModelFlags& flags, const char* key, uint64_t value) {
  return flags.config.Assign(kFlag, key, fmt::format("{}", value));
}

// The reports of instances lie beside each other.
void NameProfile(ModelFlags& flags, uint32_t instance) {
  const auto variable = platform::GetEnvironment("STERNA_PROFILE");
  if (!flags.profile && variable) flags.profile = ProfilePathFromVariable(*variable);
  if (flags.profile && !flags.profile->empty()) *flags.profile += fmt::format("-{}", instance);
}

}  // namespace

Status CheckShares(const ModelFlags& flags, uint32_t instances) {
  STERNA_ASSIGN_OR_RETURN(const auto shares, Shares(flags, instances));
  const size_t cpus = platform::ReadCpuPlaces().size();
  if (cpus >= shares.size()) return {};
  return Status::InvalidArgument(
      fmt::format("{} {}: this process may use {} CPUs; give 1..{}", kFlag, instances, cpus, cpus));
}

Status TakeShare(ModelFlags& flags, const router::InstanceRole& role) {
  STERNA_ASSIGN_OR_RETURN(const config::Resolved whole, flags.config.Resolve());
  STERNA_ASSIGN_OR_RETURN(const auto shares, Shares(flags, role.count));
  const Config& share = shares[role.index];
  STERNA_RETURN_IF_ERROR(AssignNumber(flags, "engine.instance_id", role.index));
  STERNA_RETURN_IF_ERROR(AssignNumber(flags, "engine.thread_count", share.engine.thread_count.value_or(1)));
  STERNA_RETURN_IF_ERROR(
      AssignNumber(flags, "batch.memory_limit_mb", std::max<MiB>(share.batch.memory_limit_mb / role.count, 1)));
  NameProfile(flags, role.index);
  if (whole.config.engine.memory_limit_mb) {
    return AssignNumber(flags, "engine.memory_limit_mb", *share.engine.memory_limit_mb);
  }
  const bool placed = whole.config.model_loading.use_memory_mapping.has_value() ||
                      whole.config.adaptive_pool.large_tensor_strategy == LargeStrategy::Streaming;
  if (placed) return {};
  return flags.config.Assign(kFlag, "model_loading.use_memory_mapping", "true");
}

}  // namespace sterna::cli
