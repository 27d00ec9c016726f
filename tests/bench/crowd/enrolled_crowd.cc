#include "tests/bench/crowd/enrolled_crowd.h"

#include "common/base/clock.h"
#include "common/io/files.h"
#include "coordinator/access/access.h"
#include "coordinator/store/keys.h"
#include "coordinator/store/rocks_store.h"

namespace farm::bench {

Result<EnrolledCrowd> enroll_crowd(const std::string& data, size_t agents) {
  using coordinator::AccessTable;
  TRY(io::make_directories(data, 0700));
  EnrolledCrowd crowd;
  const net::CurveKeys server = TRY(net::load_or_create_curve_keys(data + "/curve.key"));
  crowd.server_key = server.public_key;
  const SystemClock clock;
  SystemRandom random;
  const WallTime now = clock.wall();
  WallTime later = now;
  later.nanos += Duration(std::chrono::hours(1)).count();
  const std::unique_ptr<AccessTable> access = TRY(AccessTable::load({}));
  coordinator::Batch batch;
  const auto enroll = [&](coordinator::Role role, const std::string& name) -> Result<net::CurveKeys> {
    net::CurveKeys keys = TRY(net::generate_curve_keys());
    const auto token = access->create_token(role, name, {}, later, random);
    const AccessTable::Enrolled enrolled = TRY(access->enroll(
        {token.secret, keys.public_key, name, "", {}}, keys.public_key, now, random));
    for (const coordinator::AccessRecord& record : enrolled.records) {
      batch.puts.push_back({coordinator::keys::part("access", record.key), record.value});
    }
    return keys;
  };
  crowd.admin = TRY(enroll(coordinator::Role::Admin, "root"));
  for (size_t i = 0; i < agents; ++i) {
    net::CurveKeys keys = TRY(enroll(coordinator::Role::Agent, "agent-" + std::to_string(i)));
    crowd.agents.push_back(std::move(keys));
  }
  const auto store =
      TRY(coordinator::RocksStore::open(data, coordinator::RocksStore::OnLoss::Refuse));
  TRY(store->apply(batch));
  return crowd;
}

}  // namespace farm::bench
