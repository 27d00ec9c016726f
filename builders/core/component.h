// The interfaces of the four kinds of component. prepare() decodes and validates a rendered config
// (strings already passed through the {{ }} engine except late options) without side effects.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "builders/core/build_context.h"
#include "builders/core/step.h"
#include "common/artifact/artifact.h"
#include "common/value/value.h"

namespace farm::builders {

/// What prepare() found. Errors are whole sentences as users know them; all are collected.
struct Findings {
  std::vector<std::string> errors;
  std::vector<std::string> warnings;
  bool ok() const { return errors.empty(); }
  /// "N error(s) occurred:\n\n* a\n* b".
  std::string text() const;
};

/// What prepare() may look at. No network, no programs: reading the user's files is allowed.
struct PrepareContext {
  const plan::RenderInputs& render;
  const Environment& environment;
  std::string working_directory;
  bool force = false;
  /// Values that are known late are placeholders now (validate): do not check their contents.
  bool placeholders = false;
};

class Builder {
 public:
  virtual ~Builder() = default;
  virtual Findings prepare(const value::Value& config, const PrepareContext& context) = 0;
  /// Names of build.* values this builder adds (SourceImageName...).
  virtual std::vector<std::string> generated_names() const { return {}; }
  /// Runs the build; empty when it makes no artifact.
  virtual Result<std::optional<artifact::Artifact>> run(BuildContext& context) = 0;
};

class Provisioner {
 public:
  virtual ~Provisioner() = default;
  virtual Findings prepare(const value::Value& config, const PrepareContext& context) = 0;
  /// Honours context.cancel; context.communicator may be null for those that need none.
  virtual Result<void> provision(BuildContext& context) = 0;
};

struct PostProcessed {
  std::optional<artifact::Artifact> artifact;  // empty: the sequence stops quietly
  bool keep_input = false;   // the component's default
  bool force_keep = false;   // keep_input wins over the template's keep_input_artifact = false
};

class PostProcessor {
 public:
  virtual ~PostProcessor() = default;
  virtual Findings prepare(const value::Value& config, const PrepareContext& context) = 0;
  virtual Result<PostProcessed> process(BuildContext& context,
                                        const artifact::Artifact& input) = 0;
};

}  // namespace farm::builders
