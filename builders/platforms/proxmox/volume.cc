#include "builders/platforms/proxmox/volume.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace farm::builders::platform_proxmox {
namespace {

constexpr Duration kVolumePause = std::chrono::milliseconds(500);
constexpr int kVolumePolls = 40;
constexpr int kUploadPolls = 180;
constexpr Duration kUploadPause = std::chrono::seconds(1);

Result<bool> listed(Client& client, const std::string& node, const std::string& storage,
                    const std::string& volume, const CancelToken& cancel) {
  const Json list = TRY(client.get("/nodes/" + node + "/storage/" + storage + "/content",
                                   {{"content", "iso"}}, cancel));
  return list.is_array() && std::any_of(list.begin(), list.end(), [&](const Json& entry) {
           return text_of(entry, "volid") == volume;
         });
}

// Whether an upload to the node has not come to its end. Its task does not say which file.
Result<bool> uploading(Client& client, const std::string& node, const CancelToken& cancel) {
  const Json tasks =
      TRY(client.get("/nodes/" + node + "/tasks", {{"source", "active"}}, cancel));
  return tasks.is_array() && std::any_of(tasks.begin(), tasks.end(), [](const Json& task) {
           const std::string status = text_of(task, "status");
           return text_of(task, "type") == "imgcopy" && (status.empty() || status == "RUNNING");
         });
}

// Waits for uploads to end, then looks.
Result<bool> there_for_good(Client& client, const std::string& node, const std::string& storage,
                            const std::string& volume, const CancelToken& cancel) {
  for (int poll = 0; poll < kUploadPolls; ++poll) {
    const bool busy = TRY(uploading(client, node, cancel));
    const bool there = TRY(listed(client, node, storage, volume, cancel));
    if (there || !busy) return there;
    if (!cancel.sleep(kVolumePause)) return cancelled("cancelled");
  }
  return timed_out("an upload to node " + node + " does not end");
}

}  // namespace

std::string stored_name(const std::string& name) {
  std::string out = name;
  for (char& c : out) {
    const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '_' || c == '.' || c == '-';
    if (!good) c = '_';
  }
  return out;
}

Result<void> remove_volume(Client& client, const std::string& node, const std::string& volume,
                           Upload upload, const CancelToken& cancel) {
  const std::string storage = volume.substr(0, volume.find(':'));
  bool there = TRY(there_for_good(client, node, storage, volume, cancel));
  if (!there && upload == Upload::Uncertain) {
    // The request of whoever was killed may still be on its way.
    if (!cancel.sleep(kUploadPause)) return cancelled("cancelled");
    there = TRY(there_for_good(client, node, storage, volume, cancel));
  }
  if (!there) return {};
  const Json data = TRY(client.remove("/nodes/" + node + "/storage/" + storage + "/content/" +
                                          net::percent_encode(volume),
                                      {}, cancel));
  TRY(client.wait(data, cancel));
  for (int poll = 0; poll < kVolumePolls; ++poll) {
    const bool still = TRY(listed(client, node, storage, volume, cancel));
    if (!still) return {};
    if (!cancel.sleep(kVolumePause)) return cancelled("cancelled");
  }
  return unavailable(volume + " is still there after its deletion");
}

}  // namespace farm::builders::platform_proxmox
