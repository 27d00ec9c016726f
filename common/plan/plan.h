// Plan: what a template and variables come to: one JobSpec per build block x source, everything
// that is known before a machine exists. Made by plan_template() in farmctl and again in the
// coordinator; the agent only re-evaluates what is late (build.*, generated data).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/diagnostic.h"
#include "common/plan/schema.h"
#include "common/template/interpolate/engine.h"
#include "common/value/value.h"

namespace farm::plan {

/// A body that refers to build.*: its text and the values it may use, evaluated again on the agent
/// just before the component runs (whole body, as Packer does).
struct LateBody {
  bool json = false;         // HCL JSON instead of native syntax
  std::string text;          // body without its braces
  SourceRange range;         // where it stands in the user's file
  value::Value scope;        // object: root name -> value (var, local, data, path, packer, source...)
};

/// A configured component.
struct ComponentSpec {
  std::string type;
  std::string name;
  /// Object: option -> value by the schema, unknown where late. Strings are not yet passed through
  /// the {{ }} engine: render_config() does that, at plan with placeholders and again at run.
  value::Value config;
  std::optional<LateBody> late;
  SourceRange declared;
};

struct ProvisionerSpec {
  ComponentSpec component;
  Duration pause_before{0};
  Duration timeout{0};
  int max_retries = 0;
  bool continue_on_error = false;
};

struct PostProcessorSpec {
  ComponentSpec component;
  std::optional<bool> keep_input_artifact;
};

/// What the {{ }} engine of a component can see besides its own data fields.
using RenderInputs = interpolate::Inputs;

struct JobSpec {
  std::string display_name;  // "qemu.base", "web.qemu.base", JSON: "qemu" or "qemu.name"
  std::string filter_name;   // what -only/-except matched
  ComponentSpec builder;
  std::vector<ProvisionerSpec> provisioners;
  std::optional<ProvisionerSpec> error_cleanup;
  std::vector<std::vector<PostProcessorSpec>> post_processors;  // sequences
  RenderInputs render;
  std::string input_key;  // hex; empty until computed
};

struct Plan {
  std::string template_name;  // as the user typed it
  std::string description;
  std::vector<JobSpec> jobs;  // template order (JSON: sorted by name)
  std::vector<std::string> sensitive;  // strings to redact
};

/// Encodings for the wire and the store; decode: Corrupt.
std::string encode_job(const JobSpec& job);
Result<JobSpec> decode_job(std::string_view bytes);

}  // namespace farm::plan
