#include "builders/provisioners/ansible/playbook.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "builders/core/registry.h"
#include "common/io/files.h"
#include "tests/support/fakes/fake_build.h"
#include "tests/support/fakes/local_communicator.h"

namespace farm::builders::provisioner_ansible {

void register_component(Registry& registry);

namespace {

using value::Value;

Value strings(const std::vector<std::string>& list) {
  Value::List elements;
  for (const std::string& text : list) elements.push_back(Value::string(text));
  return Value::tuple(std::move(elements));
}

// Writes down how it was called: arguments, environment, inventory.
constexpr const char* kStandIn = R"(#!/bin/sh
if [ "$1" = --version ]; then echo "ansible-playbook [core 2.14.18]"; exit 0; fi
{
  for word in "$@"; do echo "arg $word"; done
  env | grep -E '^(ANSIBLE|FARM_T)' | grep -v CONTROL_PATH | sort
  while [ $# -gt 0 ]; do
    case "$1" in -i) [ -f "$2" ] && cat "$2" || ls "$2" ;; @*) cat "${1#@}"; echo ;; esac
    case "$1" in ansible_ssh_private_key_file=*) sed -n 1p "${1#*=}" ;; esac
    shift
  done
} >> "$RECORD"
echo "line of the playbook"
exit ${STATUS:-0}
)";

class AnsibleProvisioner : public ::testing::Test {
 protected:
  AnsibleProvisioner() : directory_(*io::TempDirectory::create(::testing::TempDir(), "ansible")) {
    Registry registry;
    register_component(registry);
    provisioner_ = std::move(*registry.provisioner("ansible"));
    write("ansible-playbook", kStandIn, 0755);
    write("ansible-galaxy", kStandIn, 0755);
    write("site.yml", "- hosts: all\n");
    build_.environment.set("PATH", directory_.path() + ":/usr/bin:/bin");
    build_.environment.set("RECORD", path("record"));
    build_.environment.set("TMPDIR", directory_.path());
    build_.context.generated = {{"ConnType", Value::string("ssh")},
                                {"Host", Value::string("10.1.2.3")},
                                {"Port", Value::string("2222")},
                                {"User", Value::string("builder")},
                                {"SSHPrivateKeyFile", Value::string("guest.pem")}};
    build_.context.communicator = std::make_unique<farm::testing::LocalCommunicator>();
  }
  std::string path(const std::string& name) const { return directory_.path() + "/" + name; }
  void write(const std::string& name, const std::string& text, uint32_t mode = 0644) {
    ASSERT_TRUE(io::write_file(path(name), text, mode).has_value());
  }
  Findings prepare(Value::Map options) {
    options.emplace("command", Value::string(path("ansible-playbook")));
    options.emplace("playbook_file", Value::string("site.yml"));
    const PrepareContext context{build_.inputs, build_.environment, directory_.path(), false,
                                 false};
    return provisioner_->prepare(Value::object(std::move(options)), context);
  }
  Result<void> run() { return provisioner_->provision(build_.context); }
  std::vector<std::string> record() {
    std::vector<std::string> lines;
    std::string text = io::read_file(path("record")).value_or("");
    for (size_t at = 0; at < text.size();) {
      const size_t end = text.find('\n', at);
      lines.push_back(text.substr(at, end - at));
      at = end + 1;
    }
    return lines;
  }
  bool recorded(const std::string& line) {
    const std::vector<std::string> lines = record();
    return std::find(lines.begin(), lines.end(), line) != lines.end();
  }
  std::string said() {
    std::string all;
    for (const std::string& line : build_.ui.lines) all += line + "\n";
    return all;
  }

  io::TempDirectory directory_;
  farm::testing::FakeBuild build_{directory_.path()};
  std::unique_ptr<Provisioner> provisioner_;
};

TEST_F(AnsibleProvisioner, ConnectsDirectlyAsTheCommunicatorDoes) {
  write("guest.pem", "-----BEGIN KEY-----\n");
  write("req.yml", "roles: []\n");
  ASSERT_TRUE(io::make_directories(path("roles")).has_value());
  const Findings findings =
      prepare({{"use_proxy", Value::boolean(false)},
               {"groups", strings({"g1", "g2"})},
               {"empty_groups", strings({"e1"})},
               {"host_alias", Value::string("ha")},
               {"extra_arguments", strings({"-v", "--diff"})},
               {"ansible_env_vars", strings({"FARM_T=1", "ANSIBLE_NOCOLOR=1"})},
               {"galaxy_file", Value::string("req.yml")},
               {"galaxy_command", Value::string(path("ansible-galaxy"))},
               {"galaxy_force_install", Value::boolean(true)},
               {"galaxy_force_with_deps", Value::boolean(true)},
               {"roles_path", Value::string("roles")},
               {"collections_path", Value::string("collections")},
               {"skip_version_check", Value::boolean(true)}});
  ASSERT_TRUE(findings.ok()) << findings.text();
  build_.inputs.build_name = "my \"build\"";
  build_.context.http_ip = "10.0.2.2";
  build_.context.http_port = 8123;
  const Result<void> done = run();
  ASSERT_TRUE(done.has_value()) << done.error().message;
  const std::vector<std::string> lines = record();
  const std::string host = "ha ansible_host=10.1.2.3 ansible_user=builder ansible_port=2222";
  const std::vector<std::string> galaxy_then_playbook = {
      "arg install",
      "arg -r",
      "arg req.yml",
      "arg -f",
      "arg --force-with-deps",
      "arg -p",
      "arg roles",
      "ANSIBLE_COLLECTIONS_PATH=collections",
      "ANSIBLE_HOST_KEY_CHECKING=False",
      "ANSIBLE_NOCOLOR=1",
      "ANSIBLE_ROLES_PATH=roles",
      "ANSIBLE_SCP_IF_SSH=True",
      "ANSIBLE_SSH_TRANSFER_METHOD=scp",
      "FARM_T=1",
      "arg -e",
      "arg packer_build_name=\"my \\\"build\\\"\"",
      "arg -e",
      "arg packer_builder_type=null",
      "arg -e",
      "arg packer_http_addr=10.0.2.2:8123",
      "arg --ssh-extra-args",
      "arg -o IdentitiesOnly=yes",
      "arg -v",
      "arg --diff",
      "arg -e",
      "arg ansible_ssh_private_key_file=" + path("guest.pem"),
      "arg -i"};
  ASSERT_GT(lines.size(), galaxy_then_playbook.size());
  EXPECT_EQ(std::vector<std::string>(
                lines.begin(), lines.begin() + static_cast<long>(galaxy_then_playbook.size())),
            galaxy_then_playbook);
  EXPECT_TRUE(recorded("arg " + path("site.yml")));
  EXPECT_TRUE(recorded("-----BEGIN KEY-----"));
  const std::vector<std::string> tail(lines.end() - 6, lines.end());
  EXPECT_EQ(tail, (std::vector<std::string>{host, "[g1]", host, "[g2]", host, "[e1]"}));
  EXPECT_NE(said().find("msg line of the playbook"), std::string::npos);
  EXPECT_NE(said().find("say Executing Ansible: " + path("ansible-playbook") + " -e "),
            std::string::npos);
  for (const std::string& event : build_.ledger.events) {
    if (!event.starts_with("intend path ")) continue;
    EXPECT_FALSE(io::exists(event.substr(12))) << event;
  }
}

TEST_F(AnsibleProvisioner, PasswordsTravelInAPrivateFile) {
  build_.context.generated["SSHPrivateKeyFile"] = Value::string("");
  build_.context.generated["SSHPrivateKey"] = Value::string("PEM");
  build_.context.generated["Password"] = Value::string("hunter2").with_sensitive();
  ASSERT_TRUE(prepare({{"use_proxy", Value::boolean(false)},
                       {"user", Value::string("other")},
                       {"ansible_ssh_extra_args", strings({"-o A=b", "-o C=d"})},
                       {"inventory_file_template",
                        Value::string("{{ .HostAlias }}|{{ .Host }}|{{ .User }}|{{ .Port }}")}})
                  .ok());
  ASSERT_TRUE(run().has_value());
  EXPECT_TRUE(recorded("default|10.1.2.3|other|2222"));
  EXPECT_TRUE(recorded("{\"ansible_password\":\"hunter2\"}"));
  EXPECT_TRUE(recorded("arg -o A=b -o C=d"));
  EXPECT_TRUE(recorded("PEM"));
  EXPECT_EQ(said().find("hunter2"), std::string::npos);
}

TEST_F(AnsibleProvisioner, WinRmNeedsNoSsh) {
  build_.context.generated = {{"ConnType", Value::string("winrm")},
                              {"Host", Value::string("10.1.2.3")},
                              {"Port", Value::string("5985")},
                              {"User", Value::string("Administrator")},
                              {"WinRMPassword", Value::string("pw")}};
  ASSERT_TRUE(prepare({{"use_proxy", Value::boolean(false)},
                       {"ansible_winrm_use_http", Value::boolean(true)},
                       {"use_sftp", Value::boolean(true)}})
                  .ok());
  ASSERT_TRUE(run().has_value());
  EXPECT_TRUE(
      recorded("default ansible_host=10.1.2.3 ansible_connection=winrm "
               "ansible_winrm_transport=basic ansible_shell_type=powershell "
               "ansible_user=Administrator ansible_port=5985"));
  EXPECT_TRUE(recorded("arg ansible_winrm_scheme=http"));
  EXPECT_TRUE(recorded("{\"ansible_password\":\"pw\"}"));
  EXPECT_FALSE(recorded("arg --ssh-extra-args"));
  EXPECT_FALSE(recorded("ANSIBLE_SCP_IF_SSH=True"));
}

TEST_F(AnsibleProvisioner, AdapterIsUsedUnlessItIsDeclined) {
  ASSERT_TRUE(prepare({{"user", Value::string("me")},
                       {"local_port", Value::number(0)},
                       {"ansible_proxy_key_type", Value::string("RSA")},
                       {"sftp_command", Value::string("/usr/lib/openssh/sftp-server")},
                       {"keep_inventory_file", Value::boolean(true)}})
                  .ok());
  ASSERT_TRUE(run().has_value());
  EXPECT_TRUE(recorded("arg --scp-extra-args=-O"));
  bool host_line = false;
  for (const std::string& line : record()) {
    host_line |= line.starts_with("default ansible_host=127.0.0.1 ansible_user=me ansible_port=");
  }
  EXPECT_TRUE(host_line);
  // Kept, and said.
  const std::string text = said();
  const size_t at = text.find("Keeping the inventory file: ");
  ASSERT_NE(at, std::string::npos);
  const std::string kept = text.substr(at + 28, text.find('\n', at) - at - 28);
  EXPECT_TRUE(io::exists(kept)) << kept;
}

TEST_F(AnsibleProvisioner, KeysOfTheUserForTheAdapter) {
  write("host_key", "no key");
  write("client.pub", "ssh-ed25519 AAAA");
  ASSERT_TRUE(prepare({{"ssh_host_key_file", Value::string("host_key")},
                       {"ssh_authorized_key_file", Value::string("client.pub")}})
                  .ok());
  const Result<void> done = run();
  ASSERT_FALSE(done.has_value());
  EXPECT_EQ(done.error().message, "the host key is no private key that the adapter can read");
}

TEST_F(AnsibleProvisioner, WithoutAnAddressTheAdapterIsUsed) {
  build_.context.generated["ConnType"] = Value::string("docker");
  ASSERT_TRUE(prepare({{"use_proxy", Value::boolean(false)}}).ok());
  ASSERT_TRUE(run().has_value());
  EXPECT_NE(
      said().find("err Warning: use_proxy is false, but instance does not have an IP address"),
      std::string::npos);
}

TEST_F(AnsibleProvisioner, InventoryOfTheUser) {
  write("inv", "mine\n");
  ASSERT_TRUE(io::make_directories(path("invdir")).has_value());
  ASSERT_TRUE(
      prepare({{"use_proxy", Value::boolean(false)}, {"inventory_file", Value::string("inv")}})
          .ok());
  ASSERT_TRUE(run().has_value());
  EXPECT_TRUE(recorded("arg inv"));
  EXPECT_TRUE(recorded("mine"));
  ASSERT_TRUE(prepare({{"use_proxy", Value::boolean(false)},
                       {"inventory_directory", Value::string("invdir")}})
                  .ok());
  ASSERT_TRUE(run().has_value());
  EXPECT_TRUE(recorded("arg invdir"));
  bool generated = false;
  for (const std::string& line : record()) {
    generated |= line.starts_with("packer-provisioner-ansible");
  }
  EXPECT_TRUE(generated);
}

TEST_F(AnsibleProvisioner, FailureTellsTheStatus) {
  build_.environment.set("STATUS", "2");
  ASSERT_TRUE(prepare({{"use_proxy", Value::boolean(false)}}).ok());
  const Result<void> done = run();
  ASSERT_FALSE(done.has_value());
  EXPECT_EQ(done.error().message, "Error executing Ansible: Non-zero exit status: exit status 2");
}

TEST_F(AnsibleProvisioner, OldOrMissingAnsibleIsSaid) {
  write("ansible-playbook", "#!/bin/sh\necho ansible-playbook 1.5.2\n", 0755);
  ASSERT_TRUE(prepare({}).ok());
  EXPECT_EQ(run().error().message, "Ansible 1.5 is too old: 1.6.0 or later is needed");
  ASSERT_TRUE(prepare({{"command", Value::string("/nowhere/ansible-playbook")}}).ok());
  EXPECT_TRUE(
      run().error().message.starts_with("Error running \"/nowhere/ansible-playbook --version\": "));
}

TEST_F(AnsibleProvisioner, WrongOptionsAreFindings) {
  const Findings findings = prepare({{"playbook_file", Value::string("missing.yml")},
                                     {"local_port", Value::number(70000)},
                                     {"ansible_proxy_key_type", Value::string("DSA")},
                                     {"ansible_env_vars", strings({"nothing"})},
                                     {"inventory_directory", Value::string("site.yml")}});
  EXPECT_EQ(
      findings.errors,
      (std::vector<std::string>{
          "local_port: 70000 must be a valid port",
          "Invalid value for ansible_proxy_key_type: DSA. Supported values are ECDSA or RSA.",
          "ansible_env_vars: not in format 'key=value': nothing",
          "playbook_file: missing.yml is invalid: stat missing.yml: no such file or directory",
          "inventory_directory: site.yml must point to a directory"}));
}

TEST(Playbook, GalaxyFilesOfBothForms) {
  Config config;
  config.galaxy_command = "g";
  config.galaxy_file = "f";
  using Commands = std::vector<std::vector<std::string>>;
  const std::vector<std::string> roles = {"g", "install", "-r", "f"};
  const std::vector<std::string> collections = {"g", "collection", "install", "-r", "f"};
  EXPECT_EQ(galaxy_commands(config, "- src: x\n"), (Commands{roles}));
  EXPECT_EQ(galaxy_commands(config, "collections:\n- x\n"), (Commands{collections}));
  EXPECT_EQ(galaxy_commands(config, "---\nroles: []\ncollections: []\n"),
            (Commands{roles, collections}));
}

TEST(Playbook, VersionsOfOpenSsh) {
  EXPECT_TRUE(scp_speaks_sftp("OpenSSH_9.2p1 Debian-2+deb12u3, OpenSSL 3.0.15"));
  EXPECT_FALSE(scp_speaks_sftp("OpenSSH_8.4p1 Debian"));
  EXPECT_FALSE(scp_speaks_sftp("Dropbear v2022.83"));
}

}  // namespace
}  // namespace farm::builders::provisioner_ansible
