#include "coordinator/store/ledger_records.h"

#include <memory>

#include "coordinator/store/keys.h"
#include "coordinator/store/record.h"

namespace farm::coordinator {
namespace {

std::string hex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    text += kDigits[static_cast<uint8_t>(c) >> 4];
    text += kDigits[static_cast<uint8_t>(c) & 15];
  }
  return text;
}

uint64_t number_at(std::string_view key, size_t at, size_t bytes) {
  uint64_t number = 0;
  for (const char c : key.substr(at, bytes)) number = number << 8 | static_cast<uint8_t>(c);
  return number;
}

Result<ResourceKey> resource_key(std::string_view key) {
  constexpr size_t kLength = 2 + 16 + 4 + 4 + 8;
  if (key.size() != kLength) return corrupt("a resource key has the wrong length");
  ResourceKey out;
  out.job.bytes = TRY(keys::id_of(key.substr(0, 18)));
  out.epoch = {static_cast<uint32_t>(number_at(key, 18, 4)),
               static_cast<uint32_t>(number_at(key, 22, 4))};
  out.intent = number_at(key, 26, 8);
  return out;
}

class Loader {
 public:
  Loader(Store& store, State& state) : store_(store), state_(state) {}

  Result<std::vector<Damage>> run() {
    TRY(table(keys::Table::Build, [&](auto k, auto v) { return build(k, v); }));
    TRY(table(keys::Table::Job, [&](auto k, auto v) { return job(k, v); }));
    TRY(table(keys::Table::Agent, [&](auto k, auto v) { return agent(k, v); }));
    TRY(table(keys::Table::Resource, [&](auto k, auto v) { return resource(k, v); }));
    return std::move(damage_);
  }

 private:
  template <class Read>
  Result<void> table(keys::Table which, Read read) {
    return store_.scan(keys::prefix(which),
                       [&](std::string_view key, std::string_view value) -> Result<void> {
                         Result<void> done = read(key, value);
                         if (done) return {};
                         if (done.error().code != ErrorCode::Corrupt) return done;
                         damage_.push_back({hex(key), done.error().message});
                         return {};
                       });
  }

  Result<void> build(std::string_view key, std::string_view value) {
    BuildId id;
    id.bytes = TRY(keys::id_of(key));
    Build build = TRY(decode_build_record(id, value));
    state_.queue.add(std::move(build));
    return {};
  }

  Result<void> job(std::string_view key, std::string_view value) {
    JobId id;
    id.bytes = TRY(keys::id_of(key));
    Job job = TRY(decode_job_record(id, value));
    if (state_.queue.build(job.build) == nullptr) return corrupt("the job's build is missing");
    if (!is_terminal(job.state)) {
      std::optional<std::string> spec = TRY(store_.get(keys::spec(id)));
      if (!spec) return corrupt("the job's spec is missing");
      job.spec = std::make_shared<const std::string>(*std::move(spec));
    }
    for (Attempt& attempt : job.attempts) {
      attempt.log_bytes = TRY(store_.log_length({id, attempt.epoch}));
    }
    state_.queue.add(std::move(job));
    return {};
  }

  Result<void> agent(std::string_view key, std::string_view value) {
    AgentId id;
    id.bytes = TRY(keys::id_of(key));
    Agent agent = TRY(decode_agent_record(id, value));
    state_.fleet.add(std::move(agent));
    return {};
  }

  Result<void> resource(std::string_view key, std::string_view value) {
    const ResourceKey at = TRY(resource_key(key));
    Resource resource = TRY(decode_resource_record(at, value));
    state_.resources.load(std::move(resource));
    return {};
  }

  Store& store_;
  State& state_;
  std::vector<Damage> damage_;
};

}  // namespace

void add_records(const State& state, const Effects& effects, Batch& batch, Secrets secrets) {
  const bool keep = secrets == Secrets::Keep;
  for (const BuildId& id : effects.new_builds) {
    for (const JobId& job : state.queue.build(id)->jobs) {
      const auto& spec = state.queue.job(job)->spec;
      if (spec) batch.puts.push_back({keys::spec(job), keep ? *spec : std::string()});
    }
  }
  for (const BuildId& id : effects.builds) {
    const Build& build = *state.queue.build(id);
    if (keep) {
      batch.puts.push_back({keys::build(id), encode_build_record(build)});
      continue;
    }
    Build bare = build;
    bare.sensitive.clear();
    batch.puts.push_back({keys::build(id), encode_build_record(bare)});
  }
  for (const JobId& id : effects.jobs) {
    batch.puts.push_back({keys::job(id), encode_job_record(*state.queue.job(id))});
  }
  for (const AgentId& id : effects.agents) {
    if (const Agent* agent = state.fleet.find(id)) {
      batch.puts.push_back({keys::agent(id), encode_agent_record(*agent)});
    } else {
      batch.deletes.push_back(keys::agent(id));
    }
  }
  for (const ResourceKey& key : effects.resources) {
    if (const Resource* resource = state.resources.find(key)) {
      batch.puts.push_back({keys::resource(key), encode_resource_record(*resource)});
    } else {
      batch.deletes.push_back(keys::resource(key));
    }
  }
}

Result<std::vector<Damage>> load_state(Store& store, State& state) {
  return Loader(store, state).run();
}

}  // namespace farm::coordinator
