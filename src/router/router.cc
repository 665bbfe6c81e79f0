// SPDX-License-Identifier: Apache-2.0
#include "router/router.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "base/status_macros.h"
#include "router/prefix_table.h"
#include "server/access.h"
#include "server/api.h"
#include "server/api_error.h"
#include "server/prometheus_text.h"
#include "server/sse.h"

namespace sterna::router {

using server::HttpReply;
using server::HttpRequest;
using server::Responder;

namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kGatherTime = std::chrono::seconds(5);  // for what instances say of themselves
constexpr uint32_t kMaxTries = 2;  // a request that brings an instance down must not bring down all of them

}  // namespace

// A request that an instance answers, and the bytes of its reply on their way to the client. If the instance goes
// before its reply begins, another one is asked.
class Router::Relayed : public ReplyReader, public std::enable_shared_from_this<Relayed> {
 public:
  Relayed(Router& router, HttpRequest request, std::shared_ptr<Responder> responder)
      : router_(router), responder_(std::move(responder)), blocks_(PrefixBlocks(request.body)) {
    held_bytes_ = request.body.size();
    text_ = std::make_shared<const std::string>(RequestText(request));
    head_ = std::move(request);
    head_.body.clear();
  }
  ~Relayed() override { Release(); }

  void Ask() {
    std::optional<uint32_t> failed;
    if (lease_ != nullptr) failed = lease_->instance();
    lease_ = router_.balancer_.Take(blocks_, failed);
    ++tries_;
    if (lease_ != nullptr) {
      return router_.upstream_.Ask(router_.sockets_[lease_->instance()], text_, shared_from_this());
    }
    router_.Reply(
        server::ErrorReply(503, failed ? "the instance that worked on this ended, and no other is up; ask again"
                                       : "no instance is up; ask again soon"),
        head_, *responder_);
  }

  void OnReply(HttpReply reply) override {
    router_.CountReply(reply.status);
    Release();
    responder_->Send(std::move(reply));
  }
  void OnBegin(HttpReply head) override {
    router_.CountReply(head.status);
    Release();
    begun_ = true;
    responder_->Begin(std::move(head));
  }
  // Whole events, so that one about an error may follow.
  void OnBytes(std::string bytes) override {
    part_ += bytes;
    const size_t end = part_.rfind("\n\n");
    if (end == std::string::npos) return;
    responder_->Write(part_.substr(0, end + 2));
    part_.erase(0, end + 2);
  }
  void OnEnd() override {
    responder_->Write(std::exchange(part_, {}));
    responder_->End();
  }
  void OnBroken() override {
    if (responder_->gone()) return;
    if (begun_) {
      responder_->Write(server::SseEvent(server::ErrorJson(503, "the instance that worked on this ended; ask again")));
      return responder_->End();
    }
    if (tries_ < kMaxTries) return Ask();
    router_.Reply(server::ErrorReply(503, "the instances that worked on this ended; ask again"), head_, *responder_);
  }
  bool Wanted() const override { return !responder_->gone(); }

 private:
  void Release() {
    router_.held_bytes_ -= std::exchange(held_bytes_, 0);
    text_.reset();
  }

  Router& router_;
  const std::shared_ptr<Responder> responder_;
  const std::vector<uint64_t> blocks_;
  HttpRequest head_;
  std::shared_ptr<const std::string> text_;
  std::unique_ptr<Balancer::Lease> lease_;
  uint64_t held_bytes_ = 0;
  uint32_t tries_ = 0;
  bool begun_ = false;
  std::string part_;  // of an event
};

// The same question to all instances that are up. When the last reader is gone, the replies are told.
class Router::Gathering {
 public:
  Gathering(size_t count, std::shared_ptr<Responder> responder, std::function<void(const Replies&, Responder&)> tell)
      : replies_(count), responder_(std::move(responder)), tell_(std::move(tell)) {}
  ~Gathering() { tell_(replies_, *responder_); }
  Gathering(const Gathering&) = delete;
  Gathering& operator=(const Gathering&) = delete;

  class Reader : public ReplyReader {
   public:
    Reader(std::shared_ptr<Gathering> gathering, size_t instance)
        : gathering_(std::move(gathering)), instance_(instance) {}
    void OnReply(HttpReply reply) override { gathering_->replies_[instance_] = std::move(reply); }
    void OnBegin(HttpReply) override {}
    void OnBytes(std::string) override {}
    void OnEnd() override {}
    void OnBroken() override {}
    bool Wanted() const override { return Clock::now() < until_ && !gathering_->responder_->gone(); }

   private:
    const std::shared_ptr<Gathering> gathering_;
    const size_t instance_;
    const Clock::time_point until_ = Clock::now() + kGatherTime;
  };

 private:
  Replies replies_;
  const std::shared_ptr<Responder> responder_;
  const std::function<void(const Replies&, Responder&)> tell_;
};

Router::Router(const server::ApiSettings& settings, std::vector<std::string> sockets, uint64_t max_held_bytes,
               Upstream& upstream)
    : settings_(settings),
      sockets_(std::move(sockets)),
      max_held_bytes_(max_held_bytes),
      upstream_(upstream),
      balancer_(uint32_t(sockets_.size())),
      metrics_(uint32_t(sockets_.size())) {}

Status Router::LoadKeys() { return keys_.Load(settings_.api_keys, settings_.api_key_file); }

Status Router::OpenAccessLog() {
  if (access_log_ != nullptr) return access_log_->Reopen();
  if (!settings_.access_log) return {};
  STERNA_ASSIGN_OR_RETURN(access_log_, server::AccessLog::Open(*settings_.access_log));
  return {};
}

void Router::SetUp(uint32_t instance, bool up) {
  if (!up) metrics_.Ended(instance);
  balancer_.SetUp(instance, up);
}

std::optional<HttpReply> Router::Look(const HttpRequest& head) {
  std::optional<HttpReply> refusal = server::Api::Refusal(head, settings_, keys_);
  if (!refusal) return std::nullopt;
  CountReply(refusal->status);
  if (access_log_ != nullptr) LogRefusal(head, *refusal, *access_log_);
  return refusal;
}

HttpReply Router::Malformed(int status, const std::string& message) {
  CountReply(status);
  return server::ErrorReply(status, message);
}

void Router::CountReply(int status) {
  const std::lock_guard lock(mutex_);
  ++replies_[status];
}

void Router::Reply(HttpReply reply, const HttpRequest& head, Responder& responder) {
  const server::RequestOrigin origin = server::Api::OriginOf(head, settings_, keys_);
  reply.headers.insert(reply.headers.end(), origin.headers.begin(), origin.headers.end());
  CountReply(reply.status);
  if (access_log_ != nullptr) LogRefusal(head, reply, *access_log_);
  responder.Send(std::move(reply));
}

// Bodies are kept until their reply begins, so that another instance can be asked.
bool Router::Hold(uint64_t bytes) {
  if ((held_bytes_ += bytes) <= max_held_bytes_) return true;
  held_bytes_ -= bytes;
  return false;
}

void Router::Answer(HttpRequest request, const std::shared_ptr<Responder>& responder) {
  request.request_id = server::RequestIdOf(request);  // the same in the replies of all instances that are tried
  if (Join join = JoinOf(request.path)) return Gather(request, responder, std::move(join));
  if (!Hold(request.body.size())) {
    return Reply(server::ErrorReply(503, "too many requests wait for their answers; try again soon"), request,
                 *responder);
  }
  std::make_shared<Relayed>(*this, std::move(request), responder)->Ask();
}

// What is joined of the replies to this path; nothing where one instance answers.
Router::Join Router::JoinOf(const std::string& path) {
  const bool health = path == "/health" || path == "/v1/health";
  if ((health || path == "/ready") && draining_) {
    return [](const Replies&) { return server::ErrorReply(503, "the server is shutting down"); };
  }
  if (health) return JoinHealth;
  if (path == "/ready") return JoinReady;
  if (path == "/slots") return JoinSlots;
  if (path == "/props") return JoinProps;
  if (path != "/metrics") return nullptr;
  std::vector<uint64_t> lives;
  for (uint32_t i = 0; i < sockets_.size(); ++i) lives.push_back(metrics_.Life(i));
  return [this, lives](const Replies& replies) { return MetricsText(replies, lives); };
}

void Router::Gather(const HttpRequest& request, const std::shared_ptr<Responder>& responder, Join join) {
  HttpRequest question = request;
  question.method = "GET";
  question.peer.clear();
  question.origin.clear();
  question.if_none_match.clear();
  const auto text = std::make_shared<const std::string>(RequestText(question));
  const auto gathering = std::make_shared<Gathering>(
      sockets_.size(), responder, [this, request, join = std::move(join)](const Replies& replies, Responder& to) {
        Reply(join(replies), request, to);
      });
  const std::vector<InstanceLoad> loads = balancer_.Loads();
  for (size_t i = 0; i < sockets_.size(); ++i) {
    if (loads[i].up) upstream_.Ask(sockets_[i], text, std::make_shared<Gathering::Reader>(gathering, i));
  }
}

HttpReply Router::MetricsText(const Replies& replies, const std::vector<uint64_t>& lives) {
  for (uint32_t i = 0; i < replies.size(); ++i) {
    if (replies[i] && replies[i]->status == 200) metrics_.Update(i, lives[i], replies[i]->body);
  }
  constexpr std::string_view kReplies = "sterna_http_replies_total", kConnections = "sterna_connections";
  server::PrometheusText own;
  own.Head("counter", kReplies, "Replies by status.");
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [status, count] : replies_)
      own.Sample(kReplies, fmt::format("status=\"{}\"", status), double(count));
  }
  own.Add("gauge", kConnections, "Open connections.", connections_());
  const std::vector<InstanceLoad> loads = balancer_.Loads();
  const std::vector<Supervisor::InstanceState> states = states_();
  const auto add = [&](std::string_view kind, std::string_view name, std::string_view help, auto value) {
    own.Head(kind, name, help);
    for (size_t i = 0; i < loads.size(); ++i) own.Sample(name, fmt::format("instance=\"{}\"", i), double(value(i)));
  };
  add("gauge", "sterna_instance_up", "1: it takes requests.", [&](size_t i) { return loads[i].up ? 1 : 0; });
  add("gauge", "sterna_instance_requests", "Requests that are with it.", [&](size_t i) { return loads[i].in_flight; });
  add("counter", "sterna_instance_requests_total", "Requests that it got.", [&](size_t i) { return loads[i].taken; });
  add("counter", "sterna_instance_restarts_total", "Times that it was started again.",
      [&](size_t i) { return states[i].restarts; });
  return {.content_type = "text/plain; version=0.0.4; charset=utf-8",
          .body = metrics_.Text({kReplies, kConnections}) + own.Take(),
          .headers = {}};
}

}  // namespace sterna::router
