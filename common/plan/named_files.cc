#include "common/plan/named_files.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include "common/template/functions/glob.h"

namespace farm::plan {
namespace {

namespace fs = std::filesystem;
using value::Value;

// Options that name files of the user's machine, whatever the component.
constexpr std::array<std::string_view, 24> kEverywhere = {
    "cd_files",           "certificate_file",
    "client_cert_path",   "custom_script",
    "floppy_dirs",        "floppy_files",
    "galaxy_file",        "hiera_config_path",
    "http_directory",     "include",
    "inventory_file",     "iso_url",
    "iso_urls",           "manifest_file",
    "playbook_dir",       "playbook_file",
    "playbook_files",     "script",
    "scripts",            "ssh_bastion_private_key_file",
    "ssh_bastion_certificate_file", "ssh_certificate_file",
    "ssh_private_key_file", "vagrantfile_template"};

bool is_download(const Value& config) {
  const Value* direction = config.get("direction");
  return direction != nullptr && direction->is_known() && !direction->is_null() &&
         direction->type() == value::Type::string() && direction->as_string() == "download";
}

bool names_files(ComponentKind kind, const std::string& type, const Value& config,
                 std::string_view option) {
  if (std::find(kEverywhere.begin(), kEverywhere.end(), option) != kEverywhere.end()) return true;
  if (type != "file" || kind == ComponentKind::PostProcessor) return false;
  if (option != "source" && option != "sources") return false;
  return kind == ComponentKind::Builder || !is_download(config);
}

class Taker {
 public:
  Taker(std::string here, std::string home, const PathProbe& probe)
      : here_(std::move(here)), home_(std::move(home)), probe_(probe) {}

  Value take_option(const Value& value) {
    if (value.is_null() || !value.is_known()) return value;
    switch (value.type().kind()) {
      case value::Kind::String:
        return Value::string(take(value.as_string())).with_sensitive(value.is_sensitive());
      case value::Kind::List:
      case value::Kind::Tuple: {
        Value::List list;
        for (const Value& element : value.elements()) list.push_back(take_option(element));
        const bool typed = value.type().kind() == value::Kind::List;
        return typed ? Value::list(value.type().element(), std::move(list))
                     : Value::tuple(std::move(list));
      }
      default:
        return value;
    }
  }

  std::vector<std::string> paths() && { return std::move(paths_); }

 private:
  // Remembers what `text` names; the answer is how the copy of the bundle names it.
  std::string take(const std::string& text) {
    if (text.empty() || text.find("{{") != std::string::npos) return text;
    std::string path = text;
    if (path.starts_with("file://")) {
      path = path.substr(7);
    } else if (path.find("://") != std::string::npos) {
      return text;
    }
    const bool outside = path.starts_with('/') || path == "~" || path.starts_with("~/");
    if (path.starts_with('~')) path = home_ + path.substr(1);
    const fs::path absolute = (fs::path(here_) / path).lexically_normal();
    if (!remember(absolute)) return text;
    if (!outside) return text;
    std::string relative = absolute.lexically_relative(here_).string();
    if (path.ends_with('/') && !relative.ends_with('/')) relative += '/';
    return relative;
  }

  bool remember(const fs::path& absolute) {
    std::string text = absolute.string();
    while (text.size() > 1 && text.ends_with('/')) text.pop_back();
    std::vector<std::string> found = probe_(text);
    const bool any = !found.empty();
    for (std::string& path : found) paths_.push_back(std::move(path));
    return any;
  }

  std::string here_;
  std::string home_;
  const PathProbe& probe_;
  std::vector<std::string> paths_;
};

void take_component(ComponentKind kind, ComponentSpec& component, Taker& taker) {
  if (component.config.is_null() || !component.config.is_known()) return;
  Value::Map options = component.config.entries();
  for (auto& [name, option] : options) {
    if (names_files(kind, component.type, component.config, name)) option = taker.take_option(option);
  }
  component.config = Value::object(std::move(options));
}

}  // namespace

PathProbe disk_probe() {
  return [](const std::string& absolute) -> std::vector<std::string> {
    std::error_code failure;
    if (fs::exists(absolute, failure)) return {absolute};
    std::vector<std::string> found;
    if (absolute.find_first_of("*?[{") == std::string::npos) return found;
    for (fs::directory_iterator entry(fs::path(absolute).parent_path(), failure), end;
         entry != end && !failure; entry.increment(failure)) {
      std::string path = entry->path().string();
      if (functions::glob_match(absolute, path)) found.push_back(std::move(path));
    }
    return found;
  };
}

std::vector<std::string> take_named_files(JobSpec& job, const std::string& here,
                                          const std::string& home, const PathProbe& probe) {
  Taker taker(here, home, probe);
  take_component(ComponentKind::Builder, job.builder, taker);
  for (ProvisionerSpec& provisioner : job.provisioners) {
    take_component(ComponentKind::Provisioner, provisioner.component, taker);
  }
  if (job.error_cleanup) {
    take_component(ComponentKind::Provisioner, job.error_cleanup->component, taker);
  }
  for (auto& sequence : job.post_processors) {
    for (PostProcessorSpec& step : sequence) {
      take_component(ComponentKind::PostProcessor, step.component, taker);
    }
  }
  return std::move(taker).paths();
}

}  // namespace farm::plan
