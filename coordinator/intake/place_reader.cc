#include "coordinator/intake/place_reader.h"

#include <algorithm>

#include "common/base/random.h"
#include "common/io/digests.h"
#include "common/template/interpolate/engine.h"

namespace farm::coordinator {
namespace {

using value::Value;

constexpr size_t kHiddenDigits = 16;

class Options {
 public:
  Options(const Value& config, const plan::RenderInputs& inputs)
      : config_(config), inputs_(inputs) {}

  /// Whether the template says nothing about it, in contrast to something that is known late.
  bool absent(const char* name) const {
    const Value* value = given(config_, name);
    return value == nullptr || (text_of(*value).empty() && value->is_known());
  }
  std::string text(const char* name) const {
    const Value* value = given(config_, name);
    return value == nullptr ? std::string() : text_of(*value);
  }
  /// The text `name` of every block of `list`, or of the only one.
  std::vector<std::string> texts(const char* list, const char* name) const {
    std::vector<std::string> found;
    const Value* blocks = given(config_, list);
    if (blocks == nullptr || !blocks->is_known()) return found;
    const auto add = [&](const Value& block) {
      const Value* value = given(block, name);
      if (value != nullptr) found.push_back(text_of(*value));
    };
    const value::Kind kind = blocks->type().kind();
    if (kind == value::Kind::Object || kind == value::Kind::Map) {
      add(*blocks);
    } else if (kind == value::Kind::List || kind == value::Kind::Tuple ||
               kind == value::Kind::Set) {
      for (const Value& block : blocks->elements()) add(block);
    }
    return found;
  }

 private:
  static const Value* given(const Value& object, const char* name) {
    if (!object.is_known() || object.is_null()) return nullptr;
    const value::Kind kind = object.type().kind();
    if (kind != value::Kind::Object && kind != value::Kind::Map) return nullptr;
    const Value* found = object.get(name);
    return found == nullptr || (found->is_known() && found->is_null()) ? nullptr : found;
  }
  std::string text_of(const Value& value) const {
    if (!value.is_known() || value.is_null() || value.type().kind() != value::Kind::String) {
      return {};
    }
    const std::string& raw = value.as_string();
    if (raw.find("{{") == std::string::npos) return raw;
    SeededRandom random(1);  // {{uuid}} makes no name of a node
    Result<std::string> rendered = interpolate::render(raw, {inputs_, random, {}});
    return rendered ? *std::move(rendered) : std::string();
  }

  const Value& config_;
  const plan::RenderInputs& inputs_;
};

// "https://pve:8006/api2/json" and "vc.example" -> "pve:8006", "vc.example".
std::string host_of(const std::string& url) {
  const size_t scheme = url.find("://");
  std::string host = scheme == std::string::npos ? url : url.substr(scheme + 3);
  host.resize(std::min(host.size(), host.find('/')));
  return host.substr(host.rfind('@') + 1);
}

// Inventory paths are as good as names.
std::string last_part(const std::string& path) { return path.substr(path.rfind('/') + 1); }

void add_all(std::vector<std::string>& names, std::vector<std::string> more) {
  for (std::string& name : more) {
    if (!name.empty()) names.push_back(std::move(name));
  }
}

JobPlace proxmox_place(const Options& options) {
  JobPlace place;
  place.provider = "proxmox";
  place.host = host_of(options.text("proxmox_url"));
  place.node = options.text("node");
  place.open_node = options.absent("node");
  place.credential = options.text("username");
  add_all(place.datastores, options.texts("disks", "storage_pool"));
  add_all(place.datastores, options.texts("efi_config", "efi_storage_pool"));
  add_all(place.datastores, options.texts("tpm_config", "tpm_storage_pool"));
  add_all(place.datastores, {options.text("cloud_init_storage_pool"),
                             options.text("iso_storage_pool")});
  std::vector<std::string> files = {options.text("iso_file")};
  for (const char* block : {"boot_iso", "additional_iso_files"}) {
    add_all(place.datastores, options.texts(block, "iso_storage_pool"));
    add_all(files, options.texts(block, "iso_file"));
  }
  for (const std::string& file : files) {
    const size_t colon = file.find(':');
    if (colon != std::string::npos) add_all(place.datastores, {file.substr(0, colon)});
  }
  return place;
}

JobPlace vsphere_place(const Options& options) {
  JobPlace place;
  place.provider = "vsphere";
  place.host = host_of(options.text("vcenter_server"));
  place.node = last_part(options.text("host"));
  place.group = last_part(options.text("cluster"));
  place.open_node = options.absent("host") && !place.group.empty();
  place.credential = options.text("username");
  add_all(place.datastores, {last_part(options.text("datastore"))});
  return place;
}

}  // namespace

JobPlace read_place(const plan::JobSpec& spec) {
  const std::string& type = spec.builder.type;
  const Options options(spec.builder.config, spec.render);
  JobPlace place;
  if (type == "proxmox-iso" || type == "proxmox-clone" || type == "proxmox") {
    place = proxmox_place(options);
  } else if (type == "vsphere-iso" || type == "vsphere-clone") {
    place = vsphere_place(options);
  }
  if (spec.builder.late && place.node.empty()) place.open_node = false;
  std::sort(place.datastores.begin(), place.datastores.end());
  place.datastores.erase(std::unique(place.datastores.begin(), place.datastores.end()),
                         place.datastores.end());
  return place;
}

std::string hidden_name(std::string_view name) {
  return "sha256:" + io::digest_hex(io::DigestKind::Sha256, name).substr(0, kHiddenDigits);
}

void hide_sensitive(JobPlace& place, const std::vector<std::string>& sensitive) {
  const auto hide = [&](std::string& name) {
    if (!name.empty() && std::find(sensitive.begin(), sensitive.end(), name) != sensitive.end()) {
      name = hidden_name(name);
    }
  };
  hide(place.host);
  hide(place.node);
  hide(place.group);
  hide(place.credential);
  for (std::string& name : place.datastores) hide(name);
}

}  // namespace farm::coordinator
