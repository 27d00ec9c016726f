// LIBS: farm_coordinator_store
// Values and keys of the ledger as a damaged disk might give them: the first byte says of which
// table, and whether they damage a good record. What decodes is encoded to bytes that decode to the
// same.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/random.h"
#include "coordinator/store/keys.h"
#include "coordinator/store/record.h"

namespace {

using namespace farm::coordinator;

void expect_same(const std::string& first, const std::string& second) {
  if (first != second) std::abort();
}

std::string good_record(int table) {
  farm::SeededRandom random(7);
  Job job;
  job.build = farm::BuildId::random(random);
  job.name = "qemu.base";
  job.needs = {"qemu", {"shell"}, {"manifest"}, {"site=home"}, {}};
  job.attempts.push_back({1, {1, 2}, farm::AgentId::random(random), "a", {1}, {2}, {3},
                          AttemptEnd::BuildFailed, farm::not_found("x"), true, 9});
  job.artifacts.push_back({"transcend.qemu", "VM", "text", {{"disk.qcow2", 3, "00", true}}});
  job.spec = std::make_shared<const std::string>("spec");
  Build build;
  build.template_name = "t.pkr.hcl";
  build.jobs = {farm::JobId::random(random)};
  build.sensitive = {"secret"};
  Agent agent;
  agent.name = "a";
  agent.labels = {"a=b"};
  agent.builders = {"null", "qemu"};
  Resource resource;
  resource.event.kind = farm::wire::ResourceEvent::Kind::Bound;
  resource.event.name = "vm";
  StoredFile file;
  file.size = 64;
  file.chunk_size = 65536;
  file.chunks = std::string(32, 'c');
  switch (table) {
    case 0: return encode_job_record(job);
    case 1: return encode_build_record(build);
    case 2: return encode_agent_record(agent);
    case 3: return encode_resource_record(resource);
    default: return encode_file_record(file);
  }
}

// Three bytes each: where, and what lies there instead.
std::string damaged(std::string record, std::string_view changes) {
  for (; changes.size() >= 3; changes.remove_prefix(3)) {
    const size_t at = static_cast<uint8_t>(changes[0]) << 8 | static_cast<uint8_t>(changes[1]);
    record[at % record.size()] = changes[2];
  }
  return record;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const int table = data[0] % 5;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string record = data[0] < 128 ? damaged(good_record(table), rest) : std::string(rest);
  const std::string_view bytes = record;
  (void)keys::log_offset(bytes);
  (void)keys::id_of(bytes);
  if (!bytes.empty()) (void)keys::family_of(bytes);
  switch (table) {
    case 0:
      if (const auto job = decode_job_record({}, bytes)) {
        const std::string again = encode_job_record(*job);
        const auto back = decode_job_record({}, again);
        if (!back) std::abort();
        expect_same(again, encode_job_record(*back));
      }
      break;
    case 1:
      if (const auto build = decode_build_record({}, bytes)) {
        const std::string again = encode_build_record(*build);
        const auto back = decode_build_record({}, again);
        if (!back) std::abort();
        expect_same(again, encode_build_record(*back));
      }
      break;
    case 2:
      if (const auto agent = decode_agent_record({}, bytes)) {
        const std::string again = encode_agent_record(*agent);
        const auto back = decode_agent_record({}, again);
        if (!back) std::abort();
        expect_same(again, encode_agent_record(*back));
      }
      break;
    case 3:
      if (const auto resource = decode_resource_record({}, bytes)) {
        const std::string again = encode_resource_record(*resource);
        if (!decode_resource_record({}, again)) std::abort();
      }
      break;
    default:
      if (const auto file = decode_file_record(bytes)) {
        const std::string again = encode_file_record(*file);
        const auto back = decode_file_record(again);
        if (!back) std::abort();
        expect_same(again, encode_file_record(*back));
        for (size_t i = 0; i < file->chunk_count(); ++i) {
          if (file->chunk(i).size() != 32) std::abort();
        }
      }
  }
  return 0;
}
