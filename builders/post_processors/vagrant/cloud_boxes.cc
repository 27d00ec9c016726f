// Boxes that only name an image at a provider (or in docker's store).
#include <fmt/format.h>

#include "builders/post_processors/vagrant/provider.h"

namespace farm::builders::post_processor_vagrant {
namespace {

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  size_t begin = 0;
  while (true) {
    const size_t end = text.find(separator, begin);
    parts.push_back(text.substr(begin, end == std::string::npos ? end : end - begin));
    if (end == std::string::npos) return parts;
    begin = end + 1;
  }
}

// The value of the line "key: value" of an artifact's text.
std::string field(const std::string& text, const std::string& key) {
  for (const std::string& line : split(text, '\n')) {
    if (line.starts_with(key + ": ")) return line.substr(key.size() + 2);
  }
  return {};
}

Error bad_id(const BoxInput& input, const char* form) {
  return invalid_input(
      fmt::format("artifact ID \"{}\" is not of the form {}", input.artifact.id, form));
}

Result<BoxContent> image_and_region(const BoxInput& input, const std::string& provider) {
  const std::vector<std::string> parts = split(input.artifact.id, ':');
  if (parts.size() != 2) return bad_id(input, "region:image");
  BoxContent content;
  content.vagrantfile =
      provider_block(provider, "machine",
                     {"image = " + ruby_string(parts[1]), "region = " + ruby_string(parts[0])});
  return content;
}

}  // namespace

Result<BoxContent> make_aws_box(const BoxInput& input) {
  std::vector<std::string> lines;
  for (const std::string& pair : split(input.artifact.id, ',')) {
    const std::vector<std::string> parts = split(pair, ':');
    if (parts.size() != 2) return bad_id(input, "region:ami,region:ami");
    lines.push_back(
        fmt::format("region_config {}, ami: {}", ruby_string(parts[0]), ruby_string(parts[1])));
  }
  BoxContent content;
  content.vagrantfile = provider_block("aws", "aws", lines);
  return content;
}

Result<BoxContent> make_azure_box(const BoxInput& input) {
  const std::string& text = input.artifact.text;
  BoxContent content;
  const std::string managed = field(text, "ManagedImageId");
  if (!managed.empty()) {
    content.vagrantfile =
        provider_block("azure", "azure",
                       {"location = " + ruby_string(field(text, "ManagedImageLocation")),
                        "vm_managed_image_id = " + ruby_string(managed)});
    return content;
  }
  const std::string disk = field(text, "OSDiskUri");
  if (disk.empty()) {
    return invalid_input("the artifact names neither a ManagedImageId nor an OSDiskUri");
  }
  content.vagrantfile =
      provider_block("azure", "azure",
                     {"location = " + ruby_string(field(text, "StorageAccountLocation")),
                      "vm_vhd_uri = " + ruby_string(disk),
                      "vm_operating_system = " + ruby_string(field(text, "OSType"))});
  return content;
}

Result<BoxContent> make_digitalocean_box(const BoxInput& input) {
  return image_and_region(input, "digital_ocean");
}

Result<BoxContent> make_scaleway_box(const BoxInput& input) {
  return image_and_region(input, "scaleway");
}

Result<BoxContent> make_docker_box(const BoxInput& input) {
  BoxContent content;
  content.vagrantfile =
      provider_block("docker", "docker", {"image = " + ruby_string(input.artifact.id)});
  return content;
}

Result<BoxContent> make_google_box(const BoxInput& input) {
  BoxContent content;
  content.vagrantfile =
      provider_block("google", "google", {"image = " + ruby_string(input.artifact.id)});
  return content;
}

}  // namespace farm::builders::post_processor_vagrant
