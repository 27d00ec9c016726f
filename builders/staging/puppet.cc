#include "builders/staging/puppet.h"

#include "builders/staging/guest_os.h"

namespace farm::builders::staging {

PuppetOptions decode_puppet(const ConfigReader& reader, const char* staging_option) {
  PuppetOptions options;
  options.clean_staging_directory = reader.boolean("clean_staging_directory");
  options.elevated = decode_elevated_login(reader);
  options.execute_command = reader.string("execute_command");
  options.extra_arguments = reader.strings("extra_arguments");
  options.facter = reader.string_map("facter");
  options.guest_os_type = decode_guest_os_type(reader);
  options.ignore_exit_codes = reader.boolean("ignore_exit_codes");
  options.prevent_sudo = reader.boolean("prevent_sudo");
  options.puppet_bin_dir = reader.string("puppet_bin_dir");
  options.staging_directory = reader.string(staging_option);
  options.working_directory = reader.string("working_directory");
  return options;
}

}  // namespace farm::builders::staging
