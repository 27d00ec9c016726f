// Boxes whose content is the artifact's files, under the names that the provider wants.
#include <algorithm>
#include <fmt/format.h>

#include "builders/post_processors/vagrant/provider.h"
#include "common/io/files.h"

namespace farm::builders::post_processor_vagrant {
namespace {

std::string state_text(const artifact::Artifact& artifact, const std::string& name) {
  const auto found = artifact.state.find(name);
  const bool is_text = found != artifact.state.end() && found->second.is_known() &&
                       !found->second.is_null() &&
                       found->second.type().kind() == value::Kind::String;
  return is_text ? found->second.as_string() : "";
}

archive::Member member(const BoxInput& input, const std::string& file, const std::string& name) {
  return {resolve_path(input.context, file), name};
}

// The part of `path` from the component on that ends in `suffix`; empty when there is none.
std::string from_component(const std::string& path, const std::string& suffix) {
  for (size_t begin = 0; begin < path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    if (path.substr(begin, end - begin).ends_with(suffix)) return path.substr(begin);
    begin = end + 1;
  }
  return {};
}

}  // namespace

Result<BoxContent> make_flat_box(const BoxInput& input) {
  BoxContent content;
  for (const std::string& file : input.artifact.files) {
    content.members.push_back(member(input, file, io::base_name(file)));
  }
  return content;
}

Result<BoxContent> make_lxc_box(const BoxInput& input) {
  BoxContent content = TRY(make_flat_box(input));
  content.metadata["version"] = "1.0.0";
  return content;
}

// "VM files in directory: output-x": what is below that folder keeps its place.
Result<BoxContent> make_hyperv_box(const BoxInput& input) {
  const std::string& text = input.artifact.text;
  const size_t colon = text.find(": ");
  if (colon == std::string::npos) {
    return invalid_input("the artifact does not say which folder its files are in");
  }
  const std::string folder = resolve_path(input.context, text.substr(colon + 2));
  BoxContent content;
  for (const std::string& file : input.artifact.files) {
    const std::string path = resolve_path(input.context, file);
    if (!path.starts_with(folder + "/")) {
      return invalid_input(fmt::format("{} is not below {}", file, text.substr(colon + 2)));
    }
    content.members.push_back({path, path.substr(folder.size() + 1)});
  }
  return content;
}

Result<BoxContent> make_parallels_box(const BoxInput& input) {
  BoxContent content;
  for (const std::string& file : input.artifact.files) {
    std::string name = from_component(file, ".pvm");
    if (name.empty()) name = from_component(file, ".macvm");
    if (!name.empty()) content.members.push_back(member(input, file, name));
  }
  if (content.members.empty()) {
    return invalid_input("the artifact has no file below a .pvm or .macvm folder");
  }
  return content;
}

Result<BoxContent> make_libvirt_box(const BoxInput& input) {
  const std::string disk_name = state_text(input.artifact, "diskName");
  if (disk_name.empty()) {
    return invalid_input("the artifact does not say what its disk is called (state diskName)");
  }
  const std::string domain = state_text(input.artifact, "domainType");
  std::string driver;
  if (domain == "kvm") {
    driver = "kvm";
  } else if (domain == "none" || domain == "tcg" || domain == "hvf") {
    driver = "qemu";
  } else {
    return invalid_input("no libvirt driver for the accelerator \"" + domain + "\"");
  }
  const std::string format = state_text(input.artifact, "diskType");
  BoxContent content;
  // The main disk has just that name, the others have more behind it.
  std::vector<std::string> disks = input.artifact.files;
  std::erase_if(
      disks, [&](const std::string& file) { return !io::base_name(file).starts_with(disk_name); });
  std::stable_sort(disks.begin(), disks.end(), [](const std::string& a, const std::string& b) {
    return io::base_name(a) < io::base_name(b);
  });
  for (const std::string& file : disks) {
    const std::string name = fmt::format("box_{}.img", content.disks.size());
    content.disks.push_back({name, format});
    content.members.push_back(member(input, file, name));
  }
  if (disks.empty()) return invalid_input("the artifact has no disk called " + disk_name);
  content.vagrantfile = provider_block("libvirt", "libvirt", {"driver = " + ruby_string(driver)});
  return content;
}

}  // namespace farm::builders::post_processor_vagrant
