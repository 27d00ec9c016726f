#include "builders/platforms/vsphere/step_media.h"

#include <fmt/format.h>

#include "builders/steps/checksum.h"
#include "builders/steps/download.h"
#include "builders/steps/vsphere/library.h"
#include "common/io/digests.h"
#include "common/io/files.h"

namespace farm::builders::vsphere {
namespace {

Result<Datastore> cache_store(const RemoteCache& cache, const Machine& machine,
                              const CancelToken& cancel) {
  if (cache.datastore.empty()) return machine.datastore;
  return machine.inventory->datastore(cache.datastore, cancel);
}

Result<DatastoreFiles> cache_files(const MachineOptions& options, const RemoteCache& cache,
                                   Machine& machine, const CancelToken& cancel) {
  const Datastore store = TRY(cache_store(cache, machine, cancel));
  Reference host;
  if (options.location.uploads_through_host) {
    host = TRY(machine.inventory->host(options.location.host, cancel));
  }
  return DatastoreFiles(*machine.session, *machine.inventory, store, host);
}

std::string file_intent(const Machine& machine, const DatastoreFiles& files,
                        const std::string& path) {
  return machine.inventory->datacenter_path() + "#" + files.shown(path);
}

}  // namespace

Result<void> FetchIso::run(BuildContext& context) {
  if (iso_.urls.empty()) return {};
  const DatastoreFiles files = TRY(cache_files(*options_, cache_, *machine_, context.cancel));
  // The same name for the same checksum (or URL), as in the cache on this side.
  for (const std::string& url : iso_.urls) {
    std::string plain = url;
    const std::string checksum = steps::take_url_checksum(plain, iso_.checksum);
    const Result<steps::Checksum> parsed = steps::parse_checksum(checksum);
    const bool none = !parsed || parsed->form == steps::Checksum::Form::None;
    const std::string name =
        io::digest_hex(io::DigestKind::Sha1, none ? plain : checksum) + "." +
        (iso_.target_extension.empty() ? "iso" : iso_.target_extension);
    const std::string remote = cache_.path.empty() ? name : cache_.path + "/" + name;
    if (machine_->remote_iso.empty()) machine_->remote_iso = remote;
    if (cache_.overwrite || cache_.local_overwrite) continue;
    const bool there = TRY(files.exists(remote, context.cancel));
    if (!there) continue;
    machine_->remote_iso = remote;
    context.ui.say(fmt::format("File {} already exists; skipping download of {}",
                               files.shown(remote), url));
    context.generated["SourceImageURL"] = value::Value::string(url);
    return {};
  }
  if (cache_.local_overwrite) {
    for (const std::string& url : iso_.urls) {
      std::string plain = url;
      const std::string checksum = steps::take_url_checksum(plain, iso_.checksum);
      if (!steps::local_path_of(plain).empty()) continue;
      TRY(io::remove_file(steps::download_target(context, iso_,
                                                 checksum == "none" ? plain : checksum)));
    }
  }
  steps::Download download(iso_, "ISO", machine_->iso);
  return download.run(context);
}

Result<void> UploadImages::run(BuildContext& context) {
  if (machine_->remote_iso.empty() && machine_->cd.empty()) return {};
  files_.emplace(TRY(cache_files(*options_, cache_, *machine_, context.cancel)));
  TRY(upload_iso(context, *files_));
  return upload_cd(context, *files_);
}

Result<void> UploadImages::upload_iso(BuildContext& context, const DatastoreFiles& files) {
  if (machine_->remote_iso.empty()) return {};
  const std::string& path = machine_->remote_iso;
  if (!machine_->iso.empty()) {
    const bool there = TRY(files.exists(path, context.cancel));
    if (there && !cache_.overwrite) {
      context.ui.say(fmt::format("File {} already exists; skipping upload.", files.shown(path)));
    } else {
      context.ui.say("Uploading " + files.shown(path));
      // Under a name of its own until it is whole, so that nobody else takes half an image.
      const std::string part =
          fmt::format("{}.{}-{}.part", path, machine_->tag, options_->location.vm_name);
      const uint64_t intent = TRY(context.ledger.intend(resource::kFile,
                                                        file_intent(*machine_, files, part)));
      Result<void> done = files.upload(
          machine_->iso, part,
          [&](uint64_t sent, uint64_t total) { context.ui.progress("upload", sent, total); },
          context.cancel);
      if (done) done = put_in_place(context, files, part);
      if (!done) {
        const CancelToken never;
        TRY(files.remove(part, never));
        TRY(context.ledger.gone(intent));
        return done;
      }
      TRY(context.ledger.gone(intent));
      uploaded_iso_ = true;
    }
  }
  machine_->cd_images.push_back(files.shown(path));
  return {};
}

// Another build may have brought the same image meanwhile, and its machine may hold it open.
Result<void> UploadImages::put_in_place(BuildContext& context, const DatastoreFiles& files,
                                        const std::string& part) {
  const std::string& path = machine_->remote_iso;
  if (!cache_.overwrite) {
    const bool there = TRY(files.exists(path, context.cancel));
    if (there) return files.remove(part, context.cancel);
  }
  return files.move(part, path, context.cancel);
}

Result<void> UploadImages::upload_cd(BuildContext& context, const DatastoreFiles& files) {
  if (machine_->cd.empty()) return {};
  const std::string name =
      fmt::format("farm-{}-{}.iso", machine_->tag, options_->location.vm_name);
  cd_path_ = cache_.path.empty() ? name : cache_.path + "/" + name;
  cd_intent_ = TRY(
      context.ledger.intend(resource::kFile, file_intent(*machine_, files, cd_path_)));
  machine_->cd_image = files.shown(cd_path_);
  context.ui.say("Uploading " + machine_->cd_image);
  return files.upload(
      machine_->cd, cd_path_,
      [&](uint64_t sent, uint64_t total) { context.ui.progress("upload", sent, total); },
      context.cancel);
}

Result<void> UploadImages::cleanup(BuildContext& context) {
  const CancelToken never;
  if (cd_intent_) {
    // A template keeps an ejected drive; the image itself holds answers of this one build.
    context.ui.say("Deleting " + files_->shown(cd_path_));
    TRY(files_->remove(cd_path_, never));
    TRY(context.ledger.gone(*cd_intent_));
    cd_intent_.reset();
  }
  if (cache_.cleanup && uploaded_iso_) {
    context.ui.say("Deleting " + files_->shown(machine_->remote_iso));
    TRY(files_->remove(machine_->remote_iso, never));
    uploaded_iso_ = false;
  }
  return {};
}

// "[datastore] path" stays; "library/item/file" becomes the path of that file.
Result<std::string> AddCdDrives::resolved(BuildContext& context,
                                          const std::string& iso_path) const {
  if (iso_path.starts_with('[')) return iso_path;
  const std::string path = iso_path.starts_with('/') ? iso_path.substr(1) : iso_path;
  const size_t first = path.find('/');
  const size_t second = first == std::string::npos ? first : path.find('/', first + 1);
  if (second == std::string::npos) {
    return invalid_input(fmt::format(
        "iso_paths: \"{}\" is neither \"[datastore] path\" nor \"library/item/file\"", iso_path));
  }
  ContentLibrary libraries = TRY(ContentLibrary::open(options_->connect, context.cancel));
  const Library library = TRY(libraries.library(path.substr(0, first), context.cancel));
  const std::string item = path.substr(first + 1, second - first - 1);
  const std::optional<std::string> id = TRY(libraries.item(library.id, item, context.cancel));
  if (!id) {
    return not_found(fmt::format("content library {} has no item '{}'", library.name, item));
  }
  const std::string file = path.substr(second + 1);
  std::string uri = TRY(libraries.file_path(*id, file, context.cancel));
  if (uri.empty()) return not_found(fmt::format("library item {} has no file '{}'", item, file));
  // "ds:///vmfs/volumes/<id>/path?serverId=...": the datastore is the one with that URL.
  uri = uri.substr(0, uri.find('?'));
  const std::vector<ObjectProperties> stores =
      TRY(retrieve_below(*machine_->session, machine_->inventory->datacenter(), "Datastore",
                         {"name", "summary.url"}, context.cancel));
  const auto location = [](std::string url) {
    if (const size_t scheme = url.find("://"); scheme != std::string::npos) {
      url = url.substr(scheme + 3);
    }
    while (url.ends_with('/')) url.pop_back();
    return url;
  };
  for (const ObjectProperties& store : stores) {
    const std::string base = location(store.text("summary.url"));
    if (base.empty() || !location(uri).starts_with(base + "/")) continue;
    return fmt::format("[{}] {}", store.text("name"), location(uri).substr(base.size() + 1));
  }
  return not_found(fmt::format("no datastore holds the library file {}", uri));
}

Result<void> AddCdDrives::run(BuildContext& context) {
  std::vector<std::string> images = machine_->cd_images;
  for (const std::string& path : options_->iso_paths) {
    images.push_back(TRY(resolved(context, path)));
  }
  if (!machine_->cd.empty()) {
    images.push_back(machine_->cd_image);
  }
  if (images.empty()) return {};
  context.ui.say("Mounting ISO images...");
  for (const std::string& image : images) {
    const std::vector<Device> devices =
        TRY(read_devices(*machine_->session, machine_->ref, context.cancel));
    const CdPlace place = TRY(place_for_cd(devices, options_->cdrom_type));
    TRY(reconfigure(
        *machine_,
        [&](XmlWriter& out) {
          if (place.new_controller) write_sata_controller(out, place.controller, devices);
          write_cd(out, place, -301, image);
        },
        context.cancel));
    context.ui.message(image);
  }
  return {};
}

Result<void> AddFloppy::attach(BuildContext& context, const std::string& image) {
  const std::vector<Device> devices =
      TRY(read_devices(*machine_->session, machine_->ref, context.cancel));
  return reconfigure(*machine_, [&](XmlWriter& out) { write_floppy(out, devices, image); },
                     context.cancel);
}

Result<void> AddFloppy::run(BuildContext& context) {
  if (!machine_->floppy.empty()) {
    context.ui.say("Uploading floppy image");
    const ObjectProperties files = TRY(
        retrieve(*machine_->session, machine_->ref, {"config.files.vmPathName"}, context.cancel));
    const auto [store_name, vmx] = split_datastore_path(files.text("config.files.vmPathName"));
    const Datastore store = TRY(machine_->inventory->datastore(store_name, context.cancel));
    const DatastoreFiles target(*machine_->session, *machine_->inventory, store);
    const std::string path =
        io::join_path(io::parent_path(vmx), fmt::format("farm-{}.flp", machine_->tag));
    uploaded_ = target.shown(path);
    intent_ = TRY(context.ledger.intend(resource::kFile, file_intent(*machine_, target, path)));
    TRY(target.upload(machine_->floppy, path, {}, context.cancel));
    context.ui.say("Adding generated floppy...");
    TRY(attach(context, uploaded_));
  }
  if (!options_->floppy_image.empty()) {
    context.ui.say("Adding floppy image...");
    TRY(attach(context, options_->floppy_image));
  }
  return {};
}

Result<void> AddFloppy::cleanup(BuildContext& context) {
  if (!intent_) return {};
  const CancelToken never;
  const auto [store_name, path] = split_datastore_path(uploaded_);
  if (!store_name.empty() && !machine_->destroyed) {
    const Datastore store = TRY(machine_->inventory->datastore(store_name, never));
    context.ui.say("Deleting floppy image...");
    TRY(DatastoreFiles(*machine_->session, *machine_->inventory, store).remove(path, never));
  }
  const uint64_t intent = *intent_;
  intent_.reset();
  return context.ledger.gone(intent);
}

}  // namespace farm::builders::vsphere
