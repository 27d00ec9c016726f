#include "coordinator/reactor/zmq_server.h"

#include <algorithm>
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
#include "coordinator/reactor/bulk_thread.h"
#include "coordinator/reactor/committer.h"
#include "coordinator/reactor/self_test.h"
#include "coordinator/reactor/service.h"
#include "coordinator/store/backup.h"
#include "coordinator/store/keys.h"
#include "coordinator/store/rocks_chunk_store.h"
#include "coordinator/store/rocks_store.h"
#include "coordinator/store/sealed_store.h"

namespace farm::coordinator {
namespace {

constexpr const char* kFarmDomain = "farm";
constexpr const char* kEnrollDomain = "farm-enroll";
constexpr int kBulkHighWater = 64;      // frames of up to 4 MiB per connection
constexpr int kControlHighWater = 1000;
constexpr int kRoundMessages = 512;     // one synced batch per round: 512 messages or 2 ms
constexpr Duration kRoundTime = std::chrono::milliseconds(2);
constexpr Duration kIdleWait = std::chrono::seconds(1);
constexpr Duration kReaderRetry = std::chrono::milliseconds(10);
constexpr int kEnrollPerRound = 8;      // rate limit: enrolments are rare and cost hashing
constexpr int kFirstTokenHours = 24;

Result<std::unique_ptr<AccessTable>> load_access(Store& store) {
  std::vector<AccessRecord> records;
  const std::string prefix = keys::part("access", "");
  const auto collect = [&](std::string_view key, std::string_view value) -> Result<void> {
    records.push_back({std::string(key.substr(prefix.size())), std::string(value)});
    return {};
  };
  TRY(store.scan(prefix, collect));
  return AccessTable::load(records);
}

/// Where others reach what is bound at `endpoint` ("tcp://HOST:PORT").
std::string announced(const std::string& endpoint, const std::string& advertise) {
  const size_t host = endpoint.find("://") + 3;
  const size_t colon = endpoint.rfind(':');
  std::string name = endpoint.substr(host, colon - host);
  if (!advertise.empty()) {
    name = advertise;
  } else if (name == "0.0.0.0" || name == "[::]" || name == "*") {
    char own[256] = {};
    if (::gethostname(own, sizeof own - 1) == 0) name = own;
  }
  return endpoint.substr(0, host) + name + endpoint.substr(colon);
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

  std::string control_endpoint, bulk_endpoint, enroll_endpoint;
  net::CurveKeys keys;

 private:
  void receive(net::Router& socket, Lane lane, int most, Instant until);
  void take_bulk(Instant until);
  Duration wait(bool more) const;

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
  std::unique_ptr<net::Router> control_;
  std::unique_ptr<net::Router> enroll_;
  std::unique_ptr<StoreThread> committer_;
  std::unique_ptr<BulkThread> bulk_;
  std::unique_ptr<Service> service_;
  std::set<Peer> behind_;  // bulk readers whose queues are full
};

Result<void> ZmqServer::Impl::start(const ServerConfig& config) {
  stop_ = io::Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!stop_.valid()) return internal("eventfd failed");
  TRY(io::make_directories(config.data, 0700));
  keys = TRY(net::load_or_create_curve_keys(config.data + "/curve.key"));
  rocks_ = TRY(RocksStore::open(config.data, config.accept_loss ? RocksStore::OnLoss::Accept
                                                                : RocksStore::OnLoss::Refuse));
  store_ = std::make_unique<SealedStore>(
      *rocks_, TRY(seal::SealKey::load_or_create(config.data + "/seal.key")));
  chunks_ = TRY(RocksChunkStore::open(config.data));
  access_ = TRY(load_access(*store_));
  context_ = std::make_unique<net::ZmqContext>(2);
  const AccessTable* access = access_.get();
  zap_ = TRY(net::ZapServer::start(
      *context_,
      [access, this](const std::string& domain, const std::string& key, const std::string&) {
        // Anybody may try to enrol; the key itself is then who they are.
        if (domain == kEnrollDomain) return std::optional<std::string>(key);
        if (self_test_.is(key)) return std::optional<std::string>(kSelfTestUser);
        return access->authenticate(key);
      }));
  net::Router control = TRY(net::Router::bind(*context_, config.control, keys.secret_key,
                                              kFarmDomain, kControlHighWater));
  net::Router bulk = TRY(
      net::Router::bind(*context_, config.bulk, keys.secret_key, kFarmDomain, kBulkHighWater));
  net::Router enroll = TRY(net::Router::bind(*context_, config.enroll, keys.secret_key,
                                             kEnrollDomain, kControlHighWater));
  TRY(test_own_door(*context_, control, keys.public_key, self_test_, clock_));
  TRY(test_own_door(*context_, bulk, keys.public_key, self_test_, clock_));
  control_endpoint = control.endpoint();
  bulk_endpoint = bulk.endpoint();
  enroll_endpoint = enroll.endpoint();
  const wire::JoinToken join{announced(control_endpoint, config.advertise),
                             announced(bulk_endpoint, config.advertise),
                             announced(enroll_endpoint, config.advertise), keys.public_key, ""};
  TRY(write_first_token(*store_, *access_, config.data + "/admin.token", join, clock_, random_));
  control_ = std::make_unique<net::Router>(std::move(control));
  enroll_ = std::make_unique<net::Router>(std::move(enroll));
  committer_ = std::make_unique<StoreThread>(*store_);
  service_ = std::make_unique<Service>(
      ServiceParts{*store_, *committer_, *access_, *this, clock_, random_, plan_spec_reader(),
                   config.version, keys.public_key, join, config.requests},
      config.policy, rocks_->incarnation());
  TRY(service_->load());
  const std::string data = config.data;
  bulk_ = std::make_unique<BulkThread>(
      std::move(bulk), *store_, *chunks_, clock_, [this, data](const std::string& name) {
        return make_backup(data, name, *rocks_, *chunks_);
      });
  return {};
}

Result<void> ZmqServer::Impl::send(const Outgoing& outgoing) {
  if (outgoing.to.lane == Lane::Bulk) {
    const bool stream = std::holds_alternative<wire::LogChunk>(outgoing.message) ||
                        std::holds_alternative<wire::BuildEvent>(outgoing.message);
    if (stream && behind_.count(outgoing.to) != 0) return timed_out("the reader is behind");
    if (!bulk_->tell(outgoing)) return timed_out("the bulk thread is behind");
    return {};
  }
  net::Router& socket = outgoing.to.lane == Lane::Enroll ? *enroll_ : *control_;
  return socket.send(outgoing.to.routing, wire::encode(outgoing.message));
}

void ZmqServer::Impl::receive(net::Router& socket, Lane lane, int most, Instant until) {
  for (int i = 0; i < most && clock_.now() < until; ++i) {
    std::optional<net::Received> received = socket.receive();
    if (!received) return;
    const Peer peer{lane, std::move(received->routing_id), std::move(received->user_id)};
    Result<wire::Message> message = wire::decode(received->frame);
    if (message) {
      service_->handle({peer, *std::move(message)});
    } else {
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
    if (auto* backup = std::get_if<BackupMade>(&*report)) {
      service_->backup_made(backup->order, std::move(backup->directory));
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

Duration ZmqServer::Impl::wait(bool more) const {
  Duration wait = more ? kReaderRetry : kIdleWait;
  if (const std::optional<Instant> deadline = service_->next_deadline()) {
    wait = std::min(wait, std::max(Duration::zero(), *deadline - clock_.now()));
  }
  return wait;
}

ZmqServer::Ended ZmqServer::Impl::run() {
  bool more = false;
  while (true) {
    const std::vector<size_t> readable =
        net::poll_readable({control_.get(), enroll_.get()},
                           {stop_.get(), committer_->fd(), bulk_->fd()}, wait(more));
    if (std::find(readable.begin(), readable.end(), 2U) != readable.end()) return Ended::Stopped;
    if (rocks_->must_reopen()) return Ended::NewProcessNeeded;
    const Instant until = clock_.now() + kRoundTime;
    receive(*control_, Lane::Control, kRoundMessages, until);
    receive(*enroll_, Lane::Enroll, kEnrollPerRound, until);
    take_bulk(until);
    more = service_->end_round();
    for (std::string& user : service_->take_revoked()) {
      static_cast<void>(bulk_->tell(DropUser{std::move(user)}));
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
const std::string& ZmqServer::public_key() const { return impl_->keys.public_key; }

}  // namespace farm::coordinator
