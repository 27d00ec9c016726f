// BuildContext: what the steps of one build share. Facts that several platforms need are fields
// here; a platform's own facts are one struct that its steps reference. One thread owns it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "builders/core/communicator.h"
#include "builders/core/ledger.h"
#include "builders/core/ui.h"
#include "common/artifact/artifact.h"
#include "common/base/cancel.h"
#include "common/base/clock.h"
#include "common/base/environment.h"
#include "common/base/random.h"
#include "common/base/result.h"
#include "common/plan/plan.h"
#include "common/value/value.h"

namespace farm::builders {

enum class OnError { Cleanup, Abort, Ask, RunCleanupProvisioner };

struct BuildContext {
  // Given by the runner.
  Ui& ui;
  ResourceLedger& ledger;
  Clock& clock;
  Random& random;
  const Environment& environment;
  const CancelToken& cancel;
  const plan::RenderInputs& render;  // build_name, build_type, user variables
  std::string working_directory = {};     // absolute; relative paths of the template resolve here
  std::string temp_directory = {};        // private to this job, removed after it
  std::string cache_directory = {};       // shared by the builds of this agent or user (ISO cache)
  std::string run_uuid = {};              // PACKER_RUN_UUID
  bool force = false;
  bool debug = false;
  OnError on_error = OnError::Cleanup;
  /// Runs the provisioners over `communicator` (may be null); called by the Provision step.
  std::function<Result<void>(BuildContext&)> provision = {};
  /// Runs the error-cleanup-provisioner, if the template has one.
  std::function<Result<void>(BuildContext&, const Error& original)> error_cleanup = {};
  /// -on-error=ask: 'c' clean up, 'a' abort, 'r' retry. Null where nobody can be asked.
  std::function<char(const std::string& prompt)> ask = {};

  // Set by steps.
  std::unique_ptr<Communicator> communicator = {};
  std::string http_ip = {};
  uint16_t http_port = 0;  // 0: no HTTP server
  std::string instance_id = {};
  std::string guest_host = {};  // where the communicator connects
  uint16_t guest_port = 0;
  std::string ssh_public_key = {};   // authorized_keys line of the key in use, if any
  std::string ssh_private_key = {};  // PEM
  /// build.* values (Host, Port, User, Password, ConnType, PackerRunUUID...): platform keys are
  /// added by steps; the common ones by generated_data() below.
  std::map<std::string, value::Value> generated = {};
  std::optional<Error> failure = {};  // first error of the build; set by StepRunner
  /// Called when a step fails, before anything is undone (the last screen is shown then). A step
  /// puts its own in under its name and takes it out in its cleanup.
  std::map<std::string, std::function<void(BuildContext&)>> at_failure = {};
  /// How to reach and end what stays when nothing is undone (-on-error=abort), by step.
  std::map<std::string, std::string> reach = {};
  bool left_standing = false;  // nothing was undone; set by StepRunner
  /// What provisioners made beside the image (an SBOM): listed and kept with its artifacts.
  std::vector<artifact::Artifact> attachments = {};
};

/// `path` as the steps open it: absolute, relative ones against the working directory, ~ expanded.
std::string resolve_path(const BuildContext& context, const std::string& path);

}  // namespace farm::builders
