#include "coordinator/reactor/zmq_server.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <set>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/base/random.h"
#include "common/io/fd.h"
#include "common/io/files.h"
#include "common/net/zmq/socket.h"
#include "common/net/zmq/zap.h"
#include "common/wire/codec.h"
#include "common/wire/join_token.h"
#include "coordinator/planner/planner_pool.h"
#include "coordinator/reactor/bulk_thread.h"
#include "coordinator/reactor/committer.h"
#include "coordinator/reactor/http_desk.h"
#include "coordinator/reactor/doors.h"
#include "coordinator/reactor/self_test.h"
#include "coordinator/reactor/service.h"
#include "coordinator/store/backup.h"
#include "coordinator/store/disk_probe.h"
#include "coordinator/store/keys.h"
#include "coordinator/store/rocks_chunk_store.h"
#include "coordinator/store/rocks_store.h"
#include "coordinator/store/sealed_store.h"

namespace farm::coordinator {
namespace {

constexpr int kRoundMessages = 512;     // one synced batch per round: 512 messages or 2 ms
constexpr Duration kRoundTime = std::chrono::milliseconds(2);
constexpr Duration kIdleWait = std::chrono::seconds(1);
constexpr Duration kReaderRetry = std::chrono::milliseconds(10);
constexpr int kEnrollPerRound = 8;      // rate limit: enrolments are rare and cost hashing
constexpr int kFirstTokenHours = 24;

struct Access {
  std::unique_ptr<AccessTable> table;
  std::unique_ptr<ApiTokens> api_tokens;
};

Result<Access> load_access(Store& store) {
  std::vector<AccessRecord> records;
  const std::string prefix = keys::part("access", "");
  const auto collect = [&](std::string_view key, std::string_view value) -> Result<void> {
    records.push_back({std::string(key.substr(prefix.size())), std::string(value)});
    return {};
  };
  TRY(store.scan(prefix, collect));
  Access access;
  access.table = TRY(AccessTable::load(records));
  access.api_tokens = std::make_unique<ApiTokens>(TRY(ApiTokens::load(records)));
  return access;
}

/// The first administrator has nobody to ask: a token in a file that only this machine's operator
/// can read.
Result<void> write_first_token(Store& store, AccessTable& access, const std::string& path,
                               wire::JoinToken join, const Clock& clock, Random& random) {
  if (!access.users().empty()) return {};
  const WallTime now = clock.wall();
  const auto usable = [&](const Token& token) { return !token.used && now < token.expires; };
  const std::vector<Token> tokens = access.tokens();
  if (io::exists(path) && std::any_of(tokens.begin(), tokens.end(), usable)) return {};
  WallTime expires = now;
  expires.nanos += Duration(std::chrono::hours(kFirstTokenHours)).count();
  const AccessTable::NewToken token =
      access.create_token(Role::Admin, "", {}, expires, random);
  Batch batch;
  batch.puts.push_back({keys::part("access", token.record.key), token.record.value});
  TRY(store.apply(batch));
  join.secret = token.secret;
  TRY(io::write_file_atomic(path, wire::format_join_token(join) + "\n", 0600));
  log::info("no users yet: a token for the first administrator was written", {{"file", path}});
  return {};
}

}  // namespace

class ZmqServer::Impl final : public Transport {
 public:
  Result<void> start(const ServerConfig& config);
  Ended run();
  void stop() const {
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(stop_.get(), &one, sizeof one);
  }
  Result<void> send(const Outgoing& outgoing) override;
  std::string https_url() const { return http_ ? http_->url() : std::string(); }
  std::string https_fingerprint() const { return http_ ? http_->fingerprint() : std::string(); }

  std::string control_endpoint, bulk_endpoint, enroll_endpoint, public_key;

 private:
  Result<void> open_doors();
  Result<void> open(size_t index);
  Result<wire::JoinToken> change_door(const DoorOrder& order);
  void receive(size_t door, Lane lane, int most, Instant until);
  void take_bulk(Instant until);
  void take_plans();
  Duration wait(bool more) const;
  void watch_disk();

  SystemClock clock_;
  SystemRandom random_;
  io::Fd stop_;
  // Order matters: what is declared later uses what is declared earlier.
  SelfTestKey self_test_;
  std::unique_ptr<RocksStore> rocks_;
  std::unique_ptr<SealedStore> store_;  // over rocks_
  std::unique_ptr<RocksChunkStore> chunks_;
  std::unique_ptr<AccessTable> access_;
  std::unique_ptr<net::ZmqContext> context_;
  std::unique_ptr<net::ZapServer> zap_;
  std::array<std::unique_ptr<Door>, kDoors> doors_;
  std::unique_ptr<StoreThread> committer_;
  std::unique_ptr<BulkThread> bulk_;
  std::unique_ptr<PlannerPool> planner_;  // where one is configured
  std::unique_ptr<ApiTokens> api_tokens_;
  std::unique_ptr<HttpDesk> http_;  // unless it is off
  std::unique_ptr<Service> service_;
  std::set<Peer> behind_;  // bulk readers whose queues are full
  ServerConfig config_;
  DoorPlan door_plan_;
  std::atomic<uint64_t> strangers_{0};  // counted by the ZAP thread since the last round
  std::unique_ptr<DiskProbe> probe_;  // once the store failed
};

Result<void> ZmqServer::Impl::start(const ServerConfig& config) {
  stop_ = io::Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!stop_.valid()) return internal("eventfd failed");
  config_ = config;
  TRY(io::make_directories(config.data, 0700));
  rocks_ = TRY(RocksStore::open(config.data, config.accept_loss ? RocksStore::OnLoss::Accept
                                                                : RocksStore::OnLoss::Refuse));
  store_ = std::make_unique<SealedStore>(
      *rocks_, TRY(seal::SealKey::load_or_create(config.data + "/seal.key")));
  chunks_ = TRY(RocksChunkStore::open(config.data));
  Access loaded = TRY(load_access(*store_));
  access_ = std::move(loaded.table);
  api_tokens_ = std::move(loaded.api_tokens);
  context_ = std::make_unique<net::ZmqContext>(2);
  const AccessTable* access = access_.get();
  zap_ = TRY(net::ZapServer::start(
      *context_,
      [access, this](const std::string& domain, const std::string& key, const std::string&) {
        // Anybody may try to enrol; the key itself is then who they are.
        if (domain == kEnrollDomain) return std::optional<std::string>(key);
        if (self_test_.is(key)) return std::optional<std::string>(kSelfTestUser);
        std::optional<std::string> user = access->authenticate(key, clock_.wall());
        if (!user) ++strangers_;
        return user;
      }));
  TRY(open_doors());
  const Door& first = *doors_[door_plan_.current];
  control_endpoint = first.control.endpoint();
  bulk_endpoint = first.bulk->endpoint();
  enroll_endpoint = first.enroll.endpoint();
  public_key = first.keys.public_key;
  const wire::JoinToken join = doors_[door_plan_.preferred()]->join;
  TRY(write_first_token(*store_, *access_, config.data + "/admin.token", join, clock_, random_));
  committer_ = std::make_unique<StoreThread>(*store_);
  if (!config.planner.empty()) {
    planner_ = std::make_unique<PlannerPool>(PlannerSettings{config.planner}, *store_, *chunks_);
  }
  if (config.https != "off") {
    http_ = TRY(HttpDesk::open({config.https, config.https_certificate, config.https_key,
                                config.data, config.advertise, config.version,
                                config.https_request_seconds}));
  }
  service_ = std::make_unique<Service>(
      ServiceParts{*store_, *committer_, *access_, *this, clock_, random_, plan_spec_reader(),
                   config.version, join.server_key, join, config.requests, planner_.get(),
                   door_plan_.moving, api_tokens_.get()},
      config.policy, rocks_->incarnation());
  TRY(service_->load());
  const std::string data = config.data;
  bulk_ = std::make_unique<BulkThread>(
      *store_, *chunks_, config.chunks, clock_, [this, data](const std::string& name) {
        return make_backup(data, name, *rocks_, *chunks_);
      });
  for (size_t door = 0; door < kDoors; ++door) {
    if (doors_[door]) bulk_->tell(AddDoor{door, *std::move(doors_[door]->bulk)});
  }
  return {};
}

Result<void> ZmqServer::Impl::open(size_t index) {
  auto door = std::make_unique<Door>(TRY(open_door(*context_, config_, index)));
  TRY(test_own_door(*context_, door->control, door->keys.public_key, self_test_, clock_));
  TRY(test_own_door(*context_, *door->bulk, door->keys.public_key, self_test_, clock_));
  doors_[index] = std::move(door);
  return {};
}

Result<void> ZmqServer::Impl::open_doors() {
  door_plan_ = TRY(load_door_plan(config_.data));
  TRY(open(door_plan_.current));
  if (door_plan_.moving) TRY(open(door_plan_.next()));
  return {};
}

/// Waits for the new door's self-test: some milliseconds, once in the life of a key.
Result<wire::JoinToken> ZmqServer::Impl::change_door(const DoorOrder& order) {
  const size_t old = door_plan_.current;
  const size_t next = door_plan_.next();
  if (order.finish) {
    TRY(save_door_plan(config_.data, {next, false}));
    door_plan_ = {next, false};
    doors_[old].reset();
    static_cast<void>(bulk_->tell(DropDoor{old}));
    TRY(io::remove_file(door_key_path(config_.data, old)));
    return doors_[next]->join;
  }
  TRY(io::remove_file(door_key_path(config_.data, next)));  // of a change that was broken off
  TRY(open(next));
  if (!bulk_->tell(AddDoor{next, *std::move(doors_[next]->bulk)})) {
    doors_[next].reset();
    return unavailable("the bulk thread is busy; try again");
  }
  const Result<void> saved = save_door_plan(config_.data, {old, true});
  if (!saved) {
    doors_[next].reset();
    static_cast<void>(bulk_->tell(DropDoor{next}));
    return saved.error();
  }
  door_plan_ = {old, true};
  return doors_[next]->join;
}

Result<void> ZmqServer::Impl::send(const Outgoing& outgoing) {
  if (outgoing.to.lane == Lane::Bulk) {
    const bool stream = std::holds_alternative<wire::LogChunk>(outgoing.message) ||
                        std::holds_alternative<wire::BuildEvent>(outgoing.message);
    if (stream && behind_.count(outgoing.to) != 0) return timed_out("the reader is behind");
    if (!bulk_->tell(outgoing)) return timed_out("the bulk thread is behind");
    return {};
  }
  if (outgoing.to.lane == Lane::Http) {
    return http_ ? http_->answer(outgoing) : unavailable("there is no HTTP API");
  }
  const size_t index = routing_door(outgoing.to.routing);
  if (index == kDoors || !doors_[index]) return unavailable("the peer's endpoint is closed");
  Door& door = *doors_[index];
  const std::string routing = bare_routing(outgoing.to.routing);
  if (outgoing.to.lane == Lane::Control) {
    return door.control.send(routing, wire::encode(outgoing.message));
  }
  if (const auto* reply = std::get_if<wire::EnrollReply>(&outgoing.message);
      reply != nullptr && !reply->error) {
    wire::EnrollReply told = *reply;
    told.server_key = door.keys.public_key;  // of the endpoints that its token names
    return door.enroll.send(routing, wire::encode(told));
  }
  return door.enroll.send(routing, wire::encode(outgoing.message));
}

void ZmqServer::Impl::receive(size_t door, Lane lane, int most, Instant until) {
  if (!doors_[door]) return;
  net::Router& socket = lane == Lane::Control ? doors_[door]->control : doors_[door]->enroll;
  for (int i = 0; i < most && clock_.now() < until; ++i) {
    std::optional<net::Received> received = socket.receive();
    if (!received) return;
    const Peer peer{lane, door_routing(door, received->routing_id), std::move(received->user_id)};
    Result<wire::Message> message = wire::decode(received->frame);
    if (message) {
      service_->handle({peer, *std::move(message)});
    } else {
      service_->turned_away(peer, "frame", message.error());
      static_cast<void>(send({peer, wire::ProtocolError{std::move(message).error()}}));
    }
  }
}

void ZmqServer::Impl::take_bulk(Instant until) {
  while (clock_.now() < until) {
    std::optional<FromBulk> report = bulk_->receive();
    if (!report) return;
    if (const auto* finished = std::get_if<UploadDesk::Finished>(&*report)) {
      service_->file_stored(*finished);
      continue;
    }
    if (const auto* damaged = std::get_if<FilesDamaged>(&*report)) {
      service_->files_damaged(damaged->files);
      continue;
    }
    if (auto* backup = std::get_if<BackupMade>(&*report)) {
      service_->backup_made(backup->order, std::move(backup->directory));
      continue;
    }
    if (const auto* away = std::get_if<TurnedAway>(&*report)) {
      service_->turned_away(away->peer, away->what, away->error);
      continue;
    }
    if (const auto* reader = std::get_if<ReaderState>(&*report)) {
      if (reader->behind) {
        behind_.insert(reader->peer);
      } else {
        behind_.erase(reader->peer);
      }
      continue;
    }
    auto& incoming = std::get<Incoming>(*report);
    const auto* upload = std::get_if<wire::UploadBegin>(&incoming.message);
    const auto* fetch = std::get_if<wire::FetchBegin>(&incoming.message);
    if (upload == nullptr && fetch == nullptr) {
      service_->handle(incoming);
      continue;
    }
    Result<void> allowed = service_->may_transfer(incoming.from, incoming.message);
    if (!allowed && allowed.error().code == ErrorCode::Denied) {
      service_->turned_away(incoming.from, wire::message_name(incoming.message), allowed.error());
    }
    if (allowed) {
      // Full: the peer hears nothing and begins again.
      static_cast<void>(bulk_->tell(Admit{std::move(incoming)}));
    } else if (upload != nullptr) {
      static_cast<void>(send({incoming.from, wire::UploadDone{upload->upload, false,
                                                              std::move(allowed).error()}}));
    } else {
      static_cast<void>(send(
          {incoming.from, wire::FetchFailed{fetch->fetch, std::move(allowed).error()}}));
    }
  }
}

void ZmqServer::Impl::take_plans() {
  if (!planner_) return;
  while (std::optional<PlanOutcome> outcome = planner_->receive()) {
    service_->planned(*std::move(outcome));
  }
}

Duration ZmqServer::Impl::wait(bool more) const {
  Duration wait = more ? kReaderRetry : kIdleWait;
  if (const std::optional<Instant> deadline = service_->next_deadline()) {
    wait = std::min(wait, std::max(Duration::zero(), *deadline - clock_.now()));
  }
  return wait;
}

void ZmqServer::Impl::watch_disk() {
  Result<std::unique_ptr<DiskProbe>> started = DiskProbe::start(config_.data);
  if (started) {
    probe_ = *std::move(started);
  } else {
    log::error("the failed disk is not watched yet", {{"error", started.error().message}});
  }
}

ZmqServer::Ended ZmqServer::Impl::run() {
  bool more = false;
  while (true) {
    std::vector<int> events = {stop_.get(), committer_->fd(), bulk_->fd()};
    if (planner_) events.push_back(planner_->fd());
    if (http_) events.push_back(http_->fd());
    if (probe_) events.push_back(probe_->fd());
    std::vector<const net::ZmqSocket*> sockets;
    for (const std::unique_ptr<Door>& door : doors_) {
      if (door) sockets.insert(sockets.end(), {&door->control, &door->enroll});
    }
    const size_t first_event = sockets.size();  // descriptors are numbered after the sockets
    const size_t probe_event = first_event + events.size() - 1;
    const std::vector<size_t> readable = net::poll_readable(sockets, events, wait(more));
    const auto happened = [&](size_t index) {
      return std::find(readable.begin(), readable.end(), index) != readable.end();
    };
    if (happened(first_event)) {
      return service_->read_only() ? Ended::StoppedReadOnly : Ended::Stopped;
    }
    if (probe_ && happened(probe_event)) return Ended::NewProcessNeeded;
    const Instant until = clock_.now() + kRoundTime;
    for (size_t door = 0; door < kDoors; ++door) {
      receive(door, Lane::Control, kRoundMessages, until);
      receive(door, Lane::Enroll, kEnrollPerRound, until);
    }
    take_bulk(until);
    take_plans();
    if (http_) http_->take(*service_);
    more = service_->end_round();
    if (service_->read_only() && !probe_) watch_disk();
    for (std::string& user : service_->take_revoked()) {
      static_cast<void>(bulk_->tell(DropUser{std::move(user)}));
    }
    if (const uint64_t strangers = strangers_.exchange(0); strangers != 0) {
      service_->strangers_knocked(strangers);
    }
    for (const DoorOrder& order : service_->take_door_orders()) {
      service_->door_changed(order, change_door(order));
    }
    for (BackupOrder& order : service_->take_backups()) {
      const BackupOrder copy = order;
      if (!bulk_->tell(std::move(order))) {
        service_->backup_made(copy, unavailable("the bulk thread is busy; try again"));
      }
    }
  }
}

ZmqServer::ZmqServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ZmqServer::~ZmqServer() = default;

Result<std::unique_ptr<ZmqServer>> ZmqServer::start(const ServerConfig& config) {
  auto impl = std::make_unique<Impl>();
  TRY(impl->start(config));
  return std::unique_ptr<ZmqServer>(new ZmqServer(std::move(impl)));
}

ZmqServer::Ended ZmqServer::run() { return impl_->run(); }
void ZmqServer::stop() { impl_->stop(); }
const std::string& ZmqServer::control_endpoint() const { return impl_->control_endpoint; }
const std::string& ZmqServer::bulk_endpoint() const { return impl_->bulk_endpoint; }
const std::string& ZmqServer::enroll_endpoint() const { return impl_->enroll_endpoint; }
std::string ZmqServer::https_url() const { return impl_->https_url(); }
std::string ZmqServer::https_fingerprint() const { return impl_->https_fingerprint(); }
const std::string& ZmqServer::public_key() const { return impl_->public_key; }

}  // namespace farm::coordinator
