// Provider: what a box for one kind of machine has in it. One function per provider makes the
// content out of an artifact.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "builders/core/build_context.h"
#include "builders/steps/archive/archive_writer.h"
#include "common/artifact/artifact.h"

namespace farm::builders::post_processor_vagrant {

struct BoxDisk {
  std::string path;
  std::string format;
};

struct BoxContent {
  std::string vagrantfile;  // the provider's part
  std::map<std::string, std::string> metadata;
  std::vector<BoxDisk> disks;
  std::vector<archive::Member> members;
};

/// What a maker works on. `folder` is there for what has to be unpacked first.
struct BoxInput {
  BuildContext& context;
  const artifact::Artifact& artifact;
  std::string folder;
};

struct Provider {
  const char* name;           // as in provider_override
  const char* metadata_name;  // as in the box
  bool keep_input;
  Result<BoxContent> (*make)(const BoxInput& input);
};

/// By the name; nullptr: there is no such provider.
const Provider* provider_by_name(const std::string& name);
/// By the artifact's builder ID; nullptr: none makes a box of it.
const Provider* provider_of(const std::string& builder_id);

Result<BoxContent> make_aws_box(const BoxInput& input);
Result<BoxContent> make_azure_box(const BoxInput& input);
Result<BoxContent> make_digitalocean_box(const BoxInput& input);
Result<BoxContent> make_docker_box(const BoxInput& input);
Result<BoxContent> make_google_box(const BoxInput& input);
Result<BoxContent> make_scaleway_box(const BoxInput& input);

Result<BoxContent> make_flat_box(const BoxInput& input);
Result<BoxContent> make_hyperv_box(const BoxInput& input);
Result<BoxContent> make_libvirt_box(const BoxInput& input);
Result<BoxContent> make_lxc_box(const BoxInput& input);
Result<BoxContent> make_parallels_box(const BoxInput& input);
Result<BoxContent> make_virtualbox_box(const BoxInput& input);

/// A configuration block for `provider`; `lines` go into it, `settings` is its variable.
std::string provider_block(const std::string& provider, const std::string& settings,
                           const std::vector<std::string>& lines);
/// `text` as a Ruby string literal.
std::string ruby_string(const std::string& text);

}  // namespace farm::builders::post_processor_vagrant
