// Guest: the machine as a configuration-management provisioner uses it: make folders, upload into
// them, run the tool, clean up. Wraps the build's communicator with the guest's quoting and sudo.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "builders/core/build_context.h"
#include "builders/staging/elevated_login.h"
#include "builders/staging/guest_os.h"

namespace farm::builders::staging {

struct GuestOptions {
  GuestOs os = GuestOs::Unix;
  /// Folders are made and removed, and privileged() runs, as root. Ignored on Windows.
  bool sudo = false;
  /// Folders become writable by everybody, so that the login user can upload into one of root's.
  bool open_folders = false;
};

class Guest {
 public:
  /// InvalidInput when the build has no communicator. `context` must outlive the object.
  static Result<Guest> of(BuildContext& context, const GuestOptions& options);

  bool windows() const { return options_.os == GuestOs::Windows; }
  /// `command` as root where sudo is asked for.
  std::string privileged(const std::string& command) const;
  /// One word for the guest's shell.
  std::string quote(std::string_view text) const;

  /// "Creating directory: PATH", with its parents.
  Result<void> make_directory(const std::string& path) const;
  /// "Removing directory: PATH", with all in it; a missing one is success.
  Result<void> remove_directory(const std::string& path) const;
  /// A file of this machine (relative to the build's working directory).
  Result<void> upload_file(const std::string& local, const std::string& remote) const;
  Result<void> upload_text(std::string_view text, const std::string& remote,
                           uint32_t mode = 0644) const;
  /// The contents of a local folder into `remote`, which is made.
  Result<void> upload_contents(const std::string& local, const std::string& remote) const;

  /// Runs a command with its output to the user: the exit status. Unavailable when the connection
  /// went away.
  Result<int> run(const std::string& command) const;
  /// The same with the highest privileges of `login`. Windows only: InvalidInput for another guest.
  Result<int> run_as(const ElevatedLogin& login, const std::string& command) const;
  /// As run(), and any status but 0 is an error: "DOING: Bad exit status: N".
  Result<void> run_checked(const std::string& doing, const std::string& command) const;

 private:
  Guest(BuildContext& context, const GuestOptions& options)
      : context_(&context), options_(options) {}
  BuildContext* context_;
  GuestOptions options_;
};

/// Renders a late option with the component's fields; booleans are real ones, so that
/// {{if .Sudo}} works.
Result<std::string> render_command(const std::string& text, BuildContext& context,
                                   const value::Value::Map& fields);

/// Text for a file that is a template of the user's, read relative to the working directory.
Result<std::string> render_file(const std::string& path, BuildContext& context,
                                const value::Value::Map& fields);

}  // namespace farm::builders::staging
