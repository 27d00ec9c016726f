#include "tests/unit/builders/staging/provisioner_fixture.h"

namespace farm::builders {
namespace provisioner_puppet_masterless {
void register_component(Registry& registry);
}
namespace provisioner_puppet_server {
void register_component(Registry& registry);
}
namespace {

using value::Value;

class PuppetMasterless : public ProvisionerFixture {
 protected:
  PuppetMasterless()
      : ProvisionerFixture(provisioner_puppet_masterless::register_component, "puppet-masterless") {
    file("manifests/site.pp");
    folder("modules");
    folder("more");
    file("hiera.yaml");
  }
};

TEST_F(PuppetMasterless, UploadsAndApplies) {
  EXPECT_EQ(run({{"manifest_file", text("manifests/site.pp")},
                 {"manifest_dir", text("manifests")},
                 {"module_paths", texts({"modules", "more"})},
                 {"hiera_config_path", text("hiera.yaml")},
                 {"facter", Value::object({{"b", text("it's")}, {"a", text("1")}})},
                 {"extra_arguments", texts({"--noop", "-v {{.WorkingDir}}"})},
                 {"puppet_bin_dir", text("/opt/bin")},
                 {"working_directory", text("/w")},
                 {"clean_staging_directory", flag(true)}}),
            "");
  const std::string staging = "/tmp/packer-puppet-masterless";
  EXPECT_EQ(
      commands(),
      (std::vector<std::string>{
          "sudo mkdir -p '" + staging + "'", "sudo chmod 0777 '" + staging + "'",
          "sudo mkdir -p '" + staging + "/manifests'",
          "sudo chmod 0777 '" + staging + "/manifests'", "sudo mkdir -p '" + staging + "/module-0'",
          "sudo chmod 0777 '" + staging + "/module-0'", "sudo mkdir -p '" + staging + "/module-1'",
          "sudo chmod 0777 '" + staging + "/module-1'", "sudo mkdir -p '" + staging + "/manifests'",
          "sudo chmod 0777 '" + staging + "/manifests'",
          "cd /w && FACTER_a='1' FACTER_b='it'\"'\"'s' FACTER_packer_build_name='base' "
          "FACTER_packer_builder_type='null' sudo -E /opt/bin/puppet apply "
          "--detailed-exitcodes --modulepath='" +
              staging + "/module-0:" + staging + "/module-1' --hiera_config='" + staging +
              "/hiera.yaml' --manifestdir='" + staging + "/manifests' --noop -v /w " + staging +
              "/manifests/site.pp",
          "sudo rm -rf '" + staging + "'"}));
  EXPECT_EQ(guest_file(staging + "/hiera.yaml"), local_file("hiera.yaml"));
  EXPECT_EQ(guest_file(staging + "/module-1"), local_folder("more"));
  EXPECT_EQ(guest_file(staging + "/manifests/site.pp"), local_file("manifests/site.pp"));
}

TEST_F(PuppetMasterless, FolderOfManifestsAndCommandOfTheUser) {
  build_.context.http_ip = "10.0.2.2";
  build_.context.http_port = 8000;
  EXPECT_EQ(run({{"manifest_file", text("manifests")},
                 {"prevent_sudo", flag(true)},
                 {"staging_directory", text("/s")},
                 {"extra_arguments", texts({"--x"})},
                 {"execute_command",
                  text("{{.FacterVars}}|{{.ManifestFile}}|{{if .Sudo}}root{{end}}|{{.ModulePath}}|"
                       "{{.ExtraArguments}}")}}),
            "");
  EXPECT_EQ(commands().back(),
            "FACTER_packer_build_name='base' FACTER_packer_builder_type='null' "
            "FACTER_packer_http_addr='10.0.2.2:8000'|/s/manifests|||--x");
  EXPECT_EQ(guest_file("/s/manifests"), local_folder("manifests"));
}

TEST_F(PuppetMasterless, ExitCodes) {
  const Value::Map options = {{"manifest_file", text("manifests/site.pp")}};
  fail("puppet apply", 2);
  EXPECT_EQ(run(options), "");
  fail("puppet apply", 4);
  EXPECT_EQ(run(options), "Puppet exited with a non-zero exit status: 4");
  Value::Map ignoring = options;
  ignoring["ignore_exit_codes"] = flag(true);
  EXPECT_EQ(run(ignoring), "");
}

TEST_F(PuppetMasterless, Windows) {
  EXPECT_EQ(run({{"manifest_file", text("manifests/site.pp")},
                 {"module_paths", texts({"modules", "more"})},
                 {"facter", Value::object({{"a", text("1")}})},
                 {"guest_os_type", text("windows")}}),
            "");
  const std::string staging = "C:/Windows/Temp/packer-puppet-masterless";
  EXPECT_EQ(commands().back(),
            "cd " + staging +
                " && SET \"FACTER_a=1\" & SET \"FACTER_packer_build_name=base\" & "
                "SET \"FACTER_packer_builder_type=null\" && puppet apply --detailed-exitcodes "
                "--modulepath='" +
                staging + "/module-0;" + staging + "/module-1' " + staging + "/manifests/site.pp");
}

TEST_F(PuppetMasterless, ElevatedUser) {
  EXPECT_EQ(run({{"manifest_file", text("manifests/site.pp")},
                 {"elevated_user", text("admin")},
                 {"elevated_password", text("pw-1234")}}),
            "elevated_user can only be used with a Windows guest");
}

TEST_F(PuppetMasterless, WrongOptionsAreFindings) {
  EXPECT_EQ(prepare({{"module_paths", texts({"none"})},
                     {"hiera_config_path", text("modules")},
                     {"elevated_password", text("x")}})
                .errors,
            (std::vector<std::string>{
                "A manifest_file must be specified.",
                "Must supply an 'elevated_user' if 'elevated_password' provided",
                "hiera_config_path: modules must point to a file",
                "module_path: none is invalid: stat none: no such file or directory"}));
}

class PuppetServer : public ProvisionerFixture {
 protected:
  PuppetServer()
      : ProvisionerFixture(provisioner_puppet_server::register_component, "puppet-server") {
    folder("certs");
    folder("keys");
  }
};

TEST_F(PuppetServer, UploadsCertificatesAndRunsTheAgent) {
  EXPECT_EQ(run({{"puppet_server", text("s")},
                 {"puppet_node", text("n")},
                 {"client_cert_path", text("certs")},
                 {"client_private_key_path", text("keys")},
                 {"facter", Value::object({{"a", text("1")}})},
                 {"extra_arguments", texts({"--test", "{{.PuppetNode}}"})},
                 {"clean_staging_directory", flag(true)}}),
            "");
  const std::string staging = "/tmp/packer-puppet-server";
  EXPECT_EQ(
      commands(),
      (std::vector<std::string>{
          "sudo mkdir -p '" + staging + "'", "sudo chmod 0777 '" + staging + "'",
          "sudo mkdir -p '" + staging + "/certs'", "sudo chmod 0777 '" + staging + "/certs'",
          "sudo mkdir -p '" + staging + "/private_keys'",
          "sudo chmod 0777 '" + staging + "/private_keys'",
          "cd " + staging +
              " && FACTER_a='1' FACTER_packer_build_name='base' "
              "FACTER_packer_builder_type='null' sudo -E puppet agent --onetime --no-daemonize "
              "--detailed-exitcodes --server='s' --certname='n' --certdir='" +
              staging + "/certs' --privatekeydir='" + staging + "/private_keys' --test n ",
          "sudo rm -rf '" + staging + "'"}));
  EXPECT_EQ(guest_file(staging + "/certs"), local_folder("certs"));
}

TEST_F(PuppetServer, ElevatedUser) {
  over_winrm();
  EXPECT_EQ(run({{"elevated_user", text("admin")}, {"elevated_password", text("pw-1234")}}), "");
  for (const std::string& command : commands()) {
    EXPECT_EQ(command.find("puppet agent"), std::string::npos) << command;
  }
}

TEST_F(PuppetServer, CommandOfTheUserAndExitCodes) {
  const Value::Map options = {{"execute_command", text("{{.PuppetBinDir}} {{.WorkingDir}}")},
                              {"puppet_bin_dir", text("/b")},
                              {"staging_dir", text("/s")},
                              {"working_directory", text("/w")},
                              {"guest_os_type", text("unix")},
                              {"prevent_sudo", flag(true)}};
  EXPECT_EQ(run(options), "");
  EXPECT_EQ(commands(), (std::vector<std::string>{"mkdir -p '/s'", "chmod 0777 '/s'", "/b /w"}));
  fail("/b /w", 1);
  EXPECT_EQ(run(options), "Puppet exited with a non-zero exit status: 1");
  Value::Map ignoring = options;
  ignoring["ignore_exit_codes"] = flag(true);
  EXPECT_EQ(run(ignoring), "");
}

}  // namespace
}  // namespace farm::builders
