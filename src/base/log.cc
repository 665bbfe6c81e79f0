// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>

namespace sterna {
namespace {

struct LevelName {
  std::string_view name;
  LogLevel level;
  spdlog::level::level_enum spdlog_level;
};

constexpr std::array kLevels = {
    LevelName{"error", LogLevel::kError, spdlog::level::err},
    LevelName{"warn", LogLevel::kWarn, spdlog::level::warn},
    LevelName{"info", LogLevel::kInfo, spdlog::level::info},
    LevelName{"debug", LogLevel::kDebug, spdlog::level::debug},
    LevelName{"trace", LogLevel::kTrace, spdlog::level::trace},
};

// The folders under src/, and the applications. A name that is none of these in STERNA_LOG is a slip of the pen.
constexpr std::array<std::string_view, 16> kRooms = {"base",    "platform", "quant",   "monitor", "memory", "format",
                                                     "sample",  "text",     "kernels", "backend", "model",  "engine",
                                                     "convert", "server",   "hub",     "apps"};

struct Levels {
  LogLevel default_level = LogLevel::kWarn;
  std::map<std::string, LogLevel, std::less<>> rooms;
};

struct LogState {
  std::shared_mutex mutex;  // guards levels
  Levels levels;
  // The most talkative level of any room: most calls to LogEnabled end here.
  std::atomic<LogLevel> most_verbose = LogLevel::kWarn;
  std::shared_ptr<spdlog::logger> logger;
};

// The process has one stderr, so it has one log. Never destroyed: threads may log while the process exits.
LogState& State() {
  static LogState* const state = [] {
    auto* made = new LogState;
    made->logger = std::make_shared<spdlog::logger>("sterna", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->logger->set_pattern("sterna: %v");
    made->logger->set_level(spdlog::level::trace);
    made->logger->flush_on(spdlog::level::trace);
    return made;
  }();
  return *state;
}

std::optional<LogLevel> ParseLevel(std::string_view name) {
  for (const LevelName& level : kLevels) {
    if (level.name == name) return level.level;
  }
  return std::nullopt;
}

Status BadPart(std::string_view part, std::string_view why) {
  return Status::InvalidArgument(
      fmt::format("log setting '{}': {}; give a level (error, warn, info, debug, trace) or ROOM=LEVEL", part, why));
}

// Reads one item of the comma-separated list into `levels`.
Status ParsePart(std::string_view part, Levels& levels) {
  const size_t equals = part.find('=');
  const std::optional<LogLevel> level = ParseLevel(equals == part.npos ? part : part.substr(equals + 1));
  if (!level) return BadPart(part, "no such level");
  if (equals == part.npos) {
    levels.default_level = *level;
    return {};
  }
  const std::string_view room = part.substr(0, equals);
  if (std::find(kRooms.begin(), kRooms.end(), room) == kRooms.end()) return BadPart(part, "no such room");
  levels.rooms[std::string(room)] = *level;
  return {};
}

}  // namespace

Status ConfigureLog(std::string_view spec) {
  Levels levels;
  while (!spec.empty()) {
    const size_t comma = std::min(spec.find(','), spec.size());
    if (Status status = ParsePart(spec.substr(0, comma), levels); !status.ok()) return status;
    spec.remove_prefix(std::min(comma + 1, spec.size()));
  }
  LogLevel most_verbose = levels.default_level;
  for (const auto& [room, level] : levels.rooms) most_verbose = std::max(most_verbose, level);

  LogState& state = State();
  const std::unique_lock lock(state.mutex);
  state.levels = std::move(levels);
  state.most_verbose.store(most_verbose, std::memory_order_relaxed);
  return {};
}

bool LogEnabled(LogLevel level, std::string_view room) {
  LogState& state = State();
  if (level > state.most_verbose.load(std::memory_order_relaxed)) return false;
  const std::shared_lock lock(state.mutex);
  const auto found = state.levels.rooms.find(room);
  return level <= (found == state.levels.rooms.end() ? state.levels.default_level : found->second);
}

void Log(LogLevel level, std::string_view room, std::string_view message) {
  if (!LogEnabled(level, room)) return;
  const LevelName& name = kLevels[size_t(level)];
  try {
    State().logger->log(name.spdlog_level, "{}: [{}] {}", name.name, room, message);
  } catch (const std::exception&) {
    // A message that cannot be written (no memory, stderr closed) is lost: logging never stops the work.
  }
}

}  // namespace sterna
