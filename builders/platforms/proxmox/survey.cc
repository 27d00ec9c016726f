#include "builders/platforms/proxmox/survey.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "builders/core/config.h"
#include "builders/platforms/proxmox/vm.h"

namespace farm::builders::platform_proxmox {
namespace {

constexpr std::string_view kMarkStart = "farm-";

Result<Access> access_of(const Environment& environment) {
  const value::Value nothing = value::Value::object({});
  Findings findings;
  const ConfigReader reader(nothing, findings);
  Access access = read_access(reader, environment);
  if (!findings.ok()) return invalid_input(findings.text());
  return access;
}

std::string place_of(const std::string& url) {
  const size_t scheme = url.find("://");
  const std::string host = scheme == std::string::npos ? url : url.substr(scheme + 3);
  return host.substr(0, host.find('/'));
}

std::vector<Json> entries(const Json& list) {
  return list.is_array() ? std::vector<Json>(list.begin(), list.end()) : std::vector<Json>();
}

uint64_t bytes_of(const Json& entry, const char* name) {
  return static_cast<uint64_t>(std::max(0.0, real_of(entry, name)));
}

Duration age_since(int64_t unix_seconds, const SurveyContext& context) {
  if (unix_seconds <= 0) return Duration{0};
  const int64_t age = context.clock.wall().unix_seconds() - unix_seconds;
  return std::chrono::seconds(std::max<int64_t>(age, 1));
}

// "meta": "creation-qemu=9.0.2,ctime=1717171717".
int64_t creation_time(const Json& config) {
  const std::string meta = text_of(config, "meta");
  const size_t at = meta.find("ctime=");
  int64_t seconds = 0;
  if (at != std::string::npos) {
    std::from_chars(meta.data() + at + 6, meta.data() + meta.size(), seconds);
  }
  return seconds;
}

class Survey {
 public:
  Survey(Client& client, SurveyContext& context) : client_(client), context_(context) {}

  Result<wire::ProviderView> look() {
    view_.provider = "proxmox";
    view_.place = place_of(client_.access().url);
    view_.credential = client_.access().username;
    const Json storages =
        TRY(client_.get("/cluster/resources", {{"type", "storage"}}, context_.cancel));
    TRY(add_nodes(storages));
    if (context_.depth == SurveyDepth::Load) return std::move(view_);
    TRY(add_machines());
    TRY(add_volumes(storages));
    return std::move(view_);
  }

 private:
  Result<void> add_nodes(const Json& storages) {
    const Json nodes = TRY(client_.get("/nodes", {}, context_.cancel));
    for (const Json& entry : entries(nodes)) {
      wire::NodeLoad node;
      node.name = text_of(entry, "node");
      node.online = text_of(entry, "status") == "online";
      node.cpu_permille =
          static_cast<uint32_t>(std::clamp(real_of(entry, "cpu"), 0.0, 1.0) * 1000 + 0.5);
      node.memory_used = bytes_of(entry, "mem");
      node.memory_bytes = bytes_of(entry, "maxmem");
      for (const Json& storage : entries(storages)) {
        if (text_of(storage, "node") == node.name) {
          node.datastores.push_back(text_of(storage, "storage"));
        }
      }
      view_.nodes.push_back(std::move(node));
    }
    return {};
  }

  Result<void> add_machines() {
    const std::vector<ListedMachine> machines = TRY(list_machines(client_, context_.cancel));
    for (const ListedMachine& machine : machines) {
      for (const std::string& tag : machine.tags) {
        if (tag.starts_with(kMarkStart)) TRY(add_machine(machine, tag));
      }
    }
    return {};
  }

  Result<void> add_machine(const ListedMachine& machine, const std::string& mark) {
    const Result<Json> config =
        Machine(client_, machine.node, machine.id).config(context_.cancel);
    if (!config && config.error().code == ErrorCode::NotFound) return {};  // gone meanwhile
    if (!config) return config.error();
    wire::MarkedThing thing;
    thing.kind = kMachineKind;
    thing.name = ledger_name(machine.node, machine.id, mark);
    thing.id = uuid_of(*config);
    thing.mark = mark.substr(kMarkStart.size());
    thing.age = age_since(creation_time(*config), context_);
    view_.things.push_back(std::move(thing));
    return {};
  }

  // CDs made for one build are called after it. A storage that is shared is asked on one node only.
  Result<void> add_volumes(const Json& storages) {
    std::vector<std::string> seen;
    for (const Json& storage : entries(storages)) {
      const std::string node = text_of(storage, "node");
      const std::string name = text_of(storage, "storage");
      const bool isos = text_of(storage, "content").find("iso") != std::string::npos;
      if (!isos || text_of(storage, "status") != "available") continue;
      if (number_of(storage, "shared") != 0) {
        if (std::find(seen.begin(), seen.end(), name) != seen.end()) continue;
        seen.push_back(name);
      }
      const Json list = TRY(client_.get("/nodes/" + node + "/storage/" + name + "/content",
                                        {{"content", "iso"}}, context_.cancel));
      for (const Json& entry : entries(list)) add_volume(node, entry);
    }
    return {};
  }

  void add_volume(const std::string& node, const Json& entry) {
    const std::string volume = text_of(entry, "volid");
    const std::string name = volume.substr(volume.find('/') + 1);
    const size_t end = name.rfind("-cd");
    if (!name.starts_with(kMarkStart) || end == std::string::npos) return;
    wire::MarkedThing thing;
    thing.kind = kVolumeKind;
    thing.name = node + "/" + volume;
    thing.id = volume;
    thing.mark = name.substr(kMarkStart.size(), end - kMarkStart.size());
    thing.age = age_since(number_of(entry, "ctime"), context_);
    view_.things.push_back(std::move(thing));
  }

  Client& client_;
  SurveyContext& context_;
  wire::ProviderView view_;
};

Result<wire::ProviderView> look(SurveyContext& context) {
  Access access = TRY(access_of(context.environment));
  Client client(std::move(access), context.clock, context.ui);
  return Survey(client, context).look();
}

}  // namespace

Surveyor proxmox_surveyor() {
  return {"proxmox", "proxmox-iso",
          [](const Environment& environment) { return access_of(environment).has_value(); }, look};
}

}  // namespace farm::builders::platform_proxmox
