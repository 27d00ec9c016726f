#include "builders/platforms/proxmox/machine.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/base/log.h"

namespace farm::builders::platform_proxmox {
namespace {

constexpr int kPowerTries = 3;
constexpr Duration kPowerPause = std::chrono::seconds(2);
// A task that was stopped cleans up behind itself; a lock that stays longer has no owner.
constexpr Duration kLockPause = std::chrono::milliseconds(500);
constexpr int kLockPolls = 120;
constexpr int kGonePolls = 40;
constexpr Duration kRequestPause = std::chrono::seconds(1);

std::vector<std::string> split_tags(const std::string& text) {
  std::vector<std::string> tags;
  std::string tag;
  for (const char c : text + ";") {
    if (c != ';' && c != ',' && c != ' ') {
      tag += c;
    } else if (!tag.empty()) {
      tags.push_back(std::move(tag));
      tag.clear();
    }
  }
  return tags;
}

bool missing(const Error& error) { return error.code == ErrorCode::NotFound; }

// The settings of the machine, or null when there is none. Whoever may only see machines of a pool
// is refused for one that is gone: then the list of what can be seen decides.
Result<Json> settings_if_there(Client& client, const std::string& node, int64_t id,
                               const CancelToken& cancel) {
  Result<Json> settings = Machine(client, node, id).config(cancel);
  if (settings || missing(settings.error())) return settings ? settings : Json();
  if (settings.error().code != ErrorCode::Denied) return settings;
  const auto all = TRY(list_machines(client, cancel));
  if (machine_with_id(all, id)) return settings;
  return Json();
}

bool is_ours(const Json& config, const Identity& ours) {
  const std::vector<std::string> tags = split_tags(text_of(config, "tags"));
  return std::find(tags.begin(), tags.end(), ours.mark) != tags.end() ||
         text_of(config, "description").find(ours.mark) != std::string::npos ||
         (!ours.uuid.empty() && uuid_of(config) == ours.uuid);
}

// Whether a task on the node may still bring the machine into being.
Result<bool> being_created(Client& client, const std::string& node, int64_t id,
                           const CancelToken& cancel) {
  const Json tasks =
      TRY(client.get("/nodes/" + node + "/tasks", {{"source", "active"}}, cancel));
  if (!tasks.is_array()) return false;
  for (const Json& task : tasks) {
    const std::string type = text_of(task, "type");
    const bool over = !text_of(task, "status").empty() && text_of(task, "status") != "RUNNING";
    if (over) continue;
    // A clone's task carries the id of its source.
    if (type == "qmclone" || (type == "qmcreate" && number_of(task, "id") == id)) return true;
  }
  return false;
}

}  // namespace

std::string Machine::path(const std::string& below) const {
  return fmt::format("/nodes/{}/qemu/{}{}", node_, id_, below);
}

Result<Json> Machine::config(const CancelToken& cancel) const {
  return client_->get(path("/config"), {}, cancel);
}

Result<void> Machine::configure(const Parameters& changes, const CancelToken& cancel) const {
  return client_->post_task(path("/config"), changes, cancel);
}

// The server refuses now and then while another task ends.
Result<void> Machine::change_power(const char* action, const CancelToken& cancel) const {
  for (int attempt = 1;; ++attempt) {
    const Result<void> done =
        client_->post_task(path(std::string("/status/") + action), {}, cancel);
    if (done) return {};
    const ErrorCode code = done.error().code;
    const bool again = code == ErrorCode::Conflict || code == ErrorCode::Internal ||
                       code == ErrorCode::Unavailable;
    if (!again || attempt >= kPowerTries) {
      return done.error().within(fmt::format("{} machine {}", action, id_));
    }
    log::info("power change is tried again", {{"error", done.error().message}});
    if (!cancel.sleep(kPowerPause)) return cancelled("cancelled");
  }
}

Result<void> Machine::start(const CancelToken& cancel) const {
  return change_power("start", cancel);
}
Result<void> Machine::stop(const CancelToken& cancel) const { return change_power("stop", cancel); }
Result<void> Machine::shut_down(const CancelToken& cancel) const {
  return change_power("shutdown", cancel);
}

Result<void> Machine::wait_unlocked(const CancelToken& cancel) const {
  for (int poll = 0; poll < kLockPolls; ++poll) {
    const Result<Json> settings = config(cancel);
    if (!settings) return settings.error();
    const std::string lock = text_of(*settings, "lock");
    if (lock.empty()) return {};
    const bool busy = TRY(being_created(*client_, node_, id_, cancel));
    if (!busy && poll > 4) break;
    if (!cancel.sleep(kLockPause)) return cancelled("cancelled");
  }
  return {};  // the delete call says what holds it
}

Result<void> Machine::remove(const CancelToken& cancel) const {
  const Result<void> unlocked = wait_unlocked(cancel);
  if (!unlocked) return missing(unlocked.error()) ? Result<void>() : unlocked;
  const Result<Json> status = client_->get(path("/status/current"), {}, cancel);
  if (!status) return missing(status.error()) ? Result<void>() : status.error();
  if (text_of(*status, "status") == "running") TRY(stop(cancel));
  const auto ha = status->find("ha");
  if (ha != status->end() && number_of(*ha, "managed") != 0) {
    TRY(client_->remove(fmt::format("/cluster/ha/resources/{}", id_), {}, cancel));
  }
  const Result<Json> deleted = client_->remove(path(), {}, cancel);
  if (!deleted && !missing(deleted.error())) return deleted.error();
  if (deleted) {
    const Result<void> done = client_->wait(*deleted, cancel);
    if (!done && !missing(done.error())) return done;
  }
  for (int poll = 0; poll < kGonePolls; ++poll) {
    const Json settings = TRY(settings_if_there(*client_, node_, id_, cancel));
    if (settings.is_null()) return {};
    if (!cancel.sleep(kLockPause)) return cancelled("cancelled");
  }
  return unavailable(fmt::format("machine {} on node {} is still there after its deletion", id_,
                                 node_));
}

Result<std::vector<ListedMachine>> list_machines(Client& client, const CancelToken& cancel) {
  const Json list = TRY(client.get("/cluster/resources", {{"type", "vm"}}, cancel));
  std::vector<ListedMachine> machines;
  if (!list.is_array()) return machines;
  for (const Json& entry : list) {
    ListedMachine machine;
    machine.node = text_of(entry, "node");
    machine.id = number_of(entry, "vmid");
    machine.name = text_of(entry, "name");
    machine.is_template = number_of(entry, "template") != 0;
    machine.managed = entry.is_object() && entry.contains("hastate");
    machine.status = text_of(entry, "status");
    machine.tags = split_tags(text_of(entry, "tags"));
    machines.push_back(std::move(machine));
  }
  return machines;
}

std::vector<ListedMachine> machines_named(const std::vector<ListedMachine>& all,
                                          const std::string& name) {
  std::vector<ListedMachine> found;
  std::copy_if(all.begin(), all.end(), std::back_inserter(found),
               [&](const ListedMachine& machine) { return machine.name == name; });
  return found;
}

std::optional<ListedMachine> machine_with_id(const std::vector<ListedMachine>& all, int64_t id) {
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const ListedMachine& machine) { return machine.id == id; });
  if (found == all.end()) return std::nullopt;
  return *found;
}

std::string uuid_of(const Json& config) {
  const std::string text = text_of(config, "smbios1");
  const size_t at = text.find("uuid=");
  return at == std::string::npos ? "" : text.substr(at + 5, text.find(',', at) - at - 5);
}

Result<void> remove_if_ours(Client& client, const std::string& node, int64_t id,
                            const Identity& ours, const CancelToken& cancel) {
  bool settled_once = !ours.uuid.empty();
  for (int poll = 0; poll < kLockPolls; ++poll) {
    // In this order: a task that ends between the two has left its machine.
    const bool busy = TRY(being_created(client, node, id, cancel));
    const Json config = TRY(settings_if_there(client, node, id, cancel));
    const bool there = !config.is_null();
    // A lock without a task: whoever held it was killed.
    const bool settled = there ? text_of(config, "lock").empty() || (!busy && poll > 4) : !busy;
    if (settled && there) {
      return is_ours(config, ours) ? Machine(client, node, id).remove(cancel) : Result<void>();
    }
    if (settled && settled_once) return {};
    // The request of whoever was killed may still be on its way.
    if (settled) settled_once = true;
    if (!cancel.sleep(settled ? kRequestPause : kLockPause)) return cancelled("cancelled");
  }
  return timed_out(fmt::format("machine {} on node {} is being created for too long", id, node));
}

}  // namespace farm::builders::platform_proxmox
