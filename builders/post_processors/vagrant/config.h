// Options of the `vagrant` post-processor. Pure: links into farmctl for validation.
#pragma once

#include <string>
#include <vector>

#include "builders/core/config.h"

namespace farm::builders::post_processor_vagrant {

struct Config {
  int compression_level = -1;  // -1: deflate's default, 0: a plain tar
  std::vector<std::string> include;
  std::string output;  // rendered late
  std::string vagrantfile_template;
  bool vagrantfile_template_generated = false;
  std::string provider_override;
  std::string architecture;
};

/// The options as they are for `provider`: those of its `override` win. Without a provider all
/// overrides are checked.
Config decode(const value::Value& config, const PrepareContext& context,
              const std::string& provider, Findings& findings);

/// "amd64", "arm64", "i386": the machine that runs this.
std::string host_architecture();

}  // namespace farm::builders::post_processor_vagrant
