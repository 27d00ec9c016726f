#include "builders/platforms/proxmox/step_provide_iso.h"

#include <fmt/format.h>

#include "builders/platforms/proxmox/volume.h"
#include "builders/steps/checksum.h"
#include "common/io/files.h"

namespace farm::builders::platform_proxmox {

void ProvideIso::provided(const std::string& name) {
  vm_->placement.iso_volumes[number_] = iso_->storage_pool + ":iso/" + name;
}

Result<void> ProvideIso::run(BuildContext& context) {
  vm_->placement.iso_volumes.resize(std::max(vm_->placement.iso_volumes.size(), number_ + 1));
  if (!iso_->iso_file.empty()) {
    vm_->placement.iso_volumes[number_] = iso_->iso_file;
    return {};
  }
  return iso_->download_on_node ? download_on_node(context) : upload(context);
}

Result<void> ProvideIso::upload(BuildContext& context) {
  std::string name = stored_name(io::base_name(*local_));
  if (iso_->cd.wanted()) {
    // Another build's CD must not be overwritten, and a killed one's must be found.
    name = stored_name(fmt::format("{}-cd{}.iso", vm_->mark, number_));
    made_ = iso_->storage_pool + ":iso/" + name;
    intent_ = TRY(context.ledger.intend(kVolumeKind, vm_->node + "/" + made_));
  } else if (!name.ends_with(".iso") && !name.ends_with(".ISO") && !name.ends_with(".img")) {
    name += ".iso";  // the server takes no other
  }
  context.ui.say(fmt::format("Uploading {} to storage {} on node {}...", name, iso_->storage_pool,
                             vm_->node));
  TRY(client_->upload_iso(vm_->node, iso_->storage_pool, *local_, name, context.cancel));
  if (intent_) TRY(context.ledger.bound(*intent_, made_));
  provided(name);
  return {};
}

Result<void> ProvideIso::download_on_node(BuildContext& context) {
  std::optional<Error> first;
  for (std::string url : iso_->iso.urls) {
    const steps::Checksum checksum = TRY(steps::parse_checksum(iso_->iso.checksum));
    const std::string name = stored_name(steps::url_file_name(url));
    context.ui.say(fmt::format("Node {} downloads {} to storage {}...", vm_->node, url,
                               iso_->storage_pool));
    Parameters form = {{"content", "iso"},
                       {"filename", name},
                       {"url", url}};
    if (checksum.form == steps::Checksum::Form::Digest) {
      const std::string text = checksum.text();
      form.emplace_back("checksum", checksum.hex);
      form.emplace_back("checksum-algorithm", text.substr(0, text.find(':')));
    }
    const Result<void> done = client_->post_task(
        fmt::format("/nodes/{}/storage/{}/download-url", vm_->node, iso_->storage_pool), form,
        context.cancel);
    if (done) {
      provided(name);
      return {};
    }
    if (context.cancel.cancelled()) return done;
    context.ui.error(fmt::format("{}: {}", url, done.error().message));
    if (!first) first = done.error();
  }
  return first ? first->within("iso_download_pve") : invalid_input("no iso_url is given");
}

Result<void> ProvideIso::cleanup(BuildContext& context) {
  if (!intent_) return {};
  const CancelToken fresh;  // the build's own may be cancelled
  if (!vm_->finished || iso_->unmount) {
    context.ui.say("Deleting " + made_ + "...");
    const bool uploaded = number_ < vm_->placement.iso_volumes.size() &&
                          !vm_->placement.iso_volumes[number_].empty();
    TRY(remove_volume(*client_, vm_->node, made_, uploaded ? Upload::Done : Upload::Uncertain,
                      fresh));
  }
  const uint64_t intent = *intent_;
  intent_.reset();
  return context.ledger.gone(intent);
}

}  // namespace farm::builders::platform_proxmox
