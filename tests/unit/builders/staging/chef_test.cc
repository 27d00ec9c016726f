#include "tests/unit/builders/staging/provisioner_fixture.h"

namespace farm::builders {
namespace provisioner_chef_solo {
void register_component(Registry& registry);
}
namespace provisioner_chef_client {
void register_component(Registry& registry);
}
namespace {

using value::Value;

class ChefSolo : public ProvisionerFixture {
 protected:
  ChefSolo() : ProvisionerFixture(provisioner_chef_solo::register_component, "chef-solo") {
    folder("cb");
    folder("roles");
    folder("bags");
    folder("envs");
    file("secret");
  }
};

TEST_F(ChefSolo, InstallsUploadsAndRuns) {
  EXPECT_EQ(
      run({{"cookbook_paths", texts({"cb"})},
           {"remote_cookbook_paths", texts({"/opt/cb"})},
           {"roles_path", text("roles")},
           {"data_bags_path", text("bags")},
           {"environments_path", text("envs")},
           {"chef_environment", text("prod")},
           {"encrypted_data_bag_secret_path", text("secret")},
           {"run_list", texts({"apache"})},
           {"json",
            Value::object(
                {{"a", text("<x>")},
                 {"b", Value::object({{"c", Value::tuple({Value::number(1), flag(true)})}})}})},
           {"version", text("14.1")}}),
      "");
  EXPECT_EQ(commands(),
            (std::vector<std::string>{
                "curl -L https://omnitruck.chef.io/install.sh | sudo bash -s -- -v 14.1",
                "sudo mkdir -p '/tmp/packer-chef-solo'", "sudo chmod 0777 '/tmp/packer-chef-solo'",
                "sudo mkdir -p '/tmp/packer-chef-solo/cookbooks-0'",
                "sudo chmod 0777 '/tmp/packer-chef-solo/cookbooks-0'",
                "sudo mkdir -p '/tmp/packer-chef-solo/roles'",
                "sudo chmod 0777 '/tmp/packer-chef-solo/roles'",
                "sudo mkdir -p '/tmp/packer-chef-solo/data_bags'",
                "sudo chmod 0777 '/tmp/packer-chef-solo/data_bags'",
                "sudo mkdir -p '/tmp/packer-chef-solo/environments'",
                "sudo chmod 0777 '/tmp/packer-chef-solo/environments'",
                "sudo chef-solo --no-color -c /tmp/packer-chef-solo/solo.rb -j "
                "/tmp/packer-chef-solo/node.json"}));
  EXPECT_EQ(guest_file("/tmp/packer-chef-solo/cookbooks-0"), local_folder("cb"));
  EXPECT_EQ(guest_file("/tmp/packer-chef-solo/environments"), local_folder("envs"));
  EXPECT_EQ(guest_file("/tmp/packer-chef-solo/encrypted_data_bag_secret"), local_file("secret"));
  EXPECT_EQ(guest_file("/tmp/packer-chef-solo/solo.rb"),
            "\nchef_license \t\t\"accept-silent\"\n"
            "cookbook_path \t[\"/opt/cb\",\"/tmp/packer-chef-solo/cookbooks-0\"]\n"
            "\nrole_path\t\t\"/tmp/packer-chef-solo/roles\"\n\n"
            "\ndata_bag_path\t\"/tmp/packer-chef-solo/data_bags\"\n\n"
            "\nencrypted_data_bag_secret \"/tmp/packer-chef-solo/encrypted_data_bag_secret\"\n\n"
            "\nenvironment_path \"/tmp/packer-chef-solo/environments\"\nenvironment \"prod\"\n\n");
  EXPECT_EQ(guest_file("/tmp/packer-chef-solo/node.json"),
            "{\n  \"a\": \"\\u003cx\\u003e\",\n  \"b\": {\n    \"c\": [\n      1,\n      true\n    "
            "]\n  },\n"
            "  \"run_list\": [\n    \"apache\"\n  ]\n}");
  EXPECT_EQ(build_.ui.lines.front(), "say Provisioning with chef-solo");
}

TEST_F(ChefSolo, CommandsAndConfigurationOfTheUser) {
  file("solo.erb",
       "p {{.CookbookPaths}}{{if .HasRolesPath}} roles{{end}} {{.ChefEnvironment}} "
       "{{.ChefLicense}}|{{.DataBagsPath}}\n");
  EXPECT_EQ(
      run({{"cookbook_paths", texts({"cb"})},
           {"config_template", text("solo.erb")},
           {"chef_environment", text("e")},
           {"chef_license", text("accept")},
           {"install_command", text("get{{if .Sudo}} root{{end}} {{.Version}}")},
           {"execute_command", text("go {{.ConfigPath}} {{.JsonPath}}{{if .Sudo}} root{{end}}")},
           {"prevent_sudo", flag(true)},
           {"version", text("7")},
           {"staging_directory", text("/s")},
           {"json_string", text("{\"k\": null}")}}),
      "");
  EXPECT_EQ(commands(),
            (std::vector<std::string>{"get 7", "mkdir -p '/s'", "chmod 0777 '/s'",
                                      "mkdir -p '/s/cookbooks-0'", "chmod 0777 '/s/cookbooks-0'",
                                      "go /s/solo.rb /s/node.json"}));
  EXPECT_EQ(guest_file("/s/solo.rb"), "p \"/s/cookbooks-0\" e accept|\n");
  EXPECT_EQ(guest_file("/s/node.json"), "{\n  \"k\": null\n}");
}

TEST_F(ChefSolo, WithoutInstallationNoLicence) {
  EXPECT_EQ(run({{"cookbook_paths", texts({"cb"})},
                 {"skip_install", flag(true)},
                 {"prevent_sudo", flag(true)}}),
            "");
  EXPECT_EQ(guest_file("/tmp/packer-chef-solo/solo.rb"),
            "\nchef_license \t\t\"\"\ncookbook_path \t[\"/tmp/packer-chef-solo/cookbooks-0\"]\n"
            "\n\n\n\n");
  EXPECT_EQ(guest_file("/tmp/packer-chef-solo/node.json"), "{}");
}

TEST_F(ChefSolo, WindowsHasItsOwnPaths) {
  over_winrm();
  EXPECT_EQ(run({{"cookbook_paths", texts({"cb"})}}), "");
  EXPECT_EQ(
      commands().front(),
      "powershell.exe -Command \". { iwr -useb https://omnitruck.chef.io/install.ps1 } | iex; "
      "Install-Project\"");
  EXPECT_EQ(
      commands().back(),
      "c:/opscode/chef/bin/chef-solo.bat --no-color -c "
      "C:/Windows/Temp/packer-chef-solo/solo.rb -j C:/Windows/Temp/packer-chef-solo/node.json");
  EXPECT_EQ(run({{"cookbook_paths", texts({"cb"})}, {"guest_os_type", text("unix")}}), "");
  EXPECT_TRUE(ran("sudo mkdir -p '/tmp/packer-chef-solo'"));
}

TEST_F(ChefSolo, FailuresTellTheStatus) {
  fail("omnitruck", 22);
  EXPECT_EQ(run({}), "Error installing Chef: Install script exited with non-zero exit status 22");
  fail("chef-solo --no-color", 3);
  EXPECT_EQ(run({}), "Error executing Chef: Non-zero exit status: 3");
  fail("mkdir", 1);
  EXPECT_EQ(run({}), "Unable to create directory /tmp/packer-chef-solo: Bad exit status: 1");
  fail("chef-solo --no-color", kDisconnected);
  EXPECT_TRUE(run({}).starts_with("the connection to the machine was lost while this ran: "));
}

TEST_F(ChefSolo, WrongOptionsAreFindings) {
  EXPECT_EQ(prepare({{"cookbook_paths", texts({"missing"})},
                     {"roles_path", text("secret")},
                     {"json_string", text("[1]")},
                     {"guest_os_type", text("beos")},
                     {"config_template", text("cb")}})
                .errors,
            (std::vector<std::string>{
                "json_string: a JSON object is required", "Invalid guest_os_type: \"beos\"",
                "config_template: cb must point to a file",
                "cookbook_paths: missing is invalid: stat missing: no such file or directory",
                "roles_path: secret must point to a directory"}));
}

class ChefClient : public ProvisionerFixture {
 protected:
  ChefClient() : ProvisionerFixture(provisioner_chef_client::register_component, "chef-client") {
    file("val.pem");
    file("secret");
  }
};

TEST_F(ChefClient, RegistersRunsAndCleansTheServer) {
  EXPECT_EQ(run({{"server_url", text("https://chef/")},
                 {"chef_environment", text("prod")},
                 {"encrypted_data_bag_secret_path", text("secret")},
                 {"validation_key_path", text("val.pem")},
                 {"validation_client_name", text("vc")},
                 {"run_list", texts({"a", "b"})},
                 {"json", Value::object({{"z", Value::number(1)}})},
                 {"ssl_verify_mode", text("verify_none")},
                 {"trusted_certs_dir", text("/t")},
                 {"rubygems_url", text("https://gems/")},
                 {"node_name", text("n1")}}),
            "");
  EXPECT_EQ(commands(), (std::vector<std::string>{
                            "curl -L https://omnitruck.chef.io/install.sh | sudo bash -s --",
                            "sudo mkdir -p '/tmp/packer-chef-client'",
                            "sudo chmod 0777 '/tmp/packer-chef-client'",
                            "sudo chef-client --no-color -c /tmp/packer-chef-client/client.rb -j "
                            "/tmp/packer-chef-client/first-boot.json",
                            "sudo knife node delete n1 -y -c /tmp/packer-chef-client/knife.rb",
                            "sudo knife client delete n1 -y -c /tmp/packer-chef-client/knife.rb",
                            "sudo rm -rf '/tmp/packer-chef-client'"}));
  const std::string common =
      "\nlog_level        :info\nlog_location     STDOUT\nchef_server_url  \"https://chef/\"\n"
      "client_key       \"/tmp/packer-chef-client/client.pem\"\n";
  EXPECT_EQ(
      guest_file("/tmp/packer-chef-client/client.rb"),
      common +
          "chef_license     \"accept-silent\"\n"
          "\nencrypted_data_bag_secret \"/tmp/packer-chef-client/encrypted_data_bag_secret\"\n\n"
          "\nvalidation_client_name \"vc\"\n\n"
          "\nvalidation_key \"/tmp/packer-chef-client/validation.pem\"\n\n"
          "node_name \"n1\"\n"
          "\nenvironment \"prod\"\n\n\n\n"
          "\nssl_verify_mode :verify_none\n\n\ntrusted_certs_dir \"/t\"\n\n"
          "\nrubygems_url \"https://gems/\"\n\n");
  EXPECT_EQ(guest_file("/tmp/packer-chef-client/knife.rb"),
            common +
                "node_name \"n1\"\n\nssl_verify_mode :verify_none\n\n\n"
                "trusted_certs_dir \"/t\"\n\n");
  EXPECT_EQ(guest_file("/tmp/packer-chef-client/first-boot.json"),
            "{\n  \"run_list\": [\n    \"a\",\n    \"b\"\n  ],\n  \"z\": 1\n}");
  EXPECT_EQ(guest_file("/tmp/packer-chef-client/validation.pem"), local_file("val.pem"));
}

TEST_F(ChefClient, PoliciesAndWhatIsLeftAlone) {
  EXPECT_EQ(run({{"server_url", text("https://chef/")},
                 {"skip_install", flag(true)},
                 {"skip_clean_client", flag(true)},
                 {"skip_clean_node", flag(true)},
                 {"skip_clean_staging_directory", flag(true)},
                 {"policy_name", text("pn")},
                 {"policy_group", text("pg")},
                 {"client_key", text("/etc/k.pem")},
                 {"chef_license", text("accept")},
                 {"json_string", text("{}")},
                 {"prevent_sudo", flag(true)},
                 {"staging_directory", text("/s")}}),
            "");
  EXPECT_EQ(commands(), (std::vector<std::string>{
                            "mkdir -p '/s'", "chmod 0777 '/s'",
                            "chef-client --no-color -c /s/client.rb -j /s/first-boot.json"}));
  const std::string config = guest_file("/s/client.rb");
  EXPECT_NE(config.find("\npolicy_group \"pg\"\n"), std::string::npos) << config;
  EXPECT_NE(config.find("\npolicy_name \"pn\"\n"), std::string::npos);
  EXPECT_NE(config.find("\nvalidation_client_name \"chef-validator\"\n"), std::string::npos);
  EXPECT_NE(config.find("node_name \"packer-"), std::string::npos);
  EXPECT_NE(config.find("client_key       \"/etc/k.pem\"\n"), std::string::npos);
}

TEST_F(ChefClient, CommandsAndConfigurationOfTheUser) {
  file("client.erb", "{{.ServerUrl}} {{.NodeName}} {{.ValidationKeyPath}} {{.RubygemsURL}}\n");
  EXPECT_EQ(run({{"server_url", text("https://chef/")},
                 {"config_template", text("client.erb")},
                 {"node_name", text("n")},
                 {"install_command", text("get {{.Version}}")},
                 {"version", text("16")},
                 {"execute_command", text("go {{.ConfigPath}}")},
                 {"knife_command", text("k {{.Args}} {{.Flags}}")},
                 {"skip_clean_client", flag(true)}}),
            "");
  EXPECT_EQ(guest_file("/tmp/packer-chef-client/client.rb"), "https://chef/ n  \n");
  EXPECT_TRUE(ran("get 16"));
  EXPECT_TRUE(ran("go /tmp/packer-chef-client/client.rb"));
  EXPECT_TRUE(ran("k node delete n -y -c /tmp/packer-chef-client/knife.rb"));
}

TEST_F(ChefClient, ServerIsCleanedAfterAFailure) {
  fail("chef-client --no-color", 1);
  EXPECT_EQ(run({{"server_url", text("u")}, {"node_name", text("n")}}),
            "Error executing Chef: Non-zero exit status: 1");
  EXPECT_TRUE(ran("sudo knife client delete n -y -c /tmp/packer-chef-client/knife.rb"));
  fail("knife node", 5);
  EXPECT_EQ(run({{"server_url", text("u")}, {"node_name", text("n")}}),
            "Error cleaning up chef: knife node delete n: Bad exit status: 5");
}

TEST_F(ChefClient, WindowsRunsItsBatchFiles) {
  over_winrm();
  EXPECT_EQ(run({{"server_url", text("u")},
                 {"node_name", text("n")},
                 {"guest_os_type", text("windows")}}),
            "");
  EXPECT_TRUE(
      ran("c:/opscode/chef/bin/chef-client.bat --no-color -c "
          "C:/Windows/Temp/packer-chef-client/client.rb -j "
          "C:/Windows/Temp/packer-chef-client/first-boot.json"));
  EXPECT_TRUE(
      ran("c:/opscode/chef/bin/knife.bat node delete n -y -c "
          "C:/Windows/Temp/packer-chef-client/knife.rb"));
}

TEST_F(ChefClient, ElevatedUserIsForWindows) {
  const Value::Map options = {{"server_url", text("u")},
                              {"elevated_user", text("admin")},
                              {"elevated_password", text("pw-1234")}};
  EXPECT_EQ(run(options), "elevated_user can only be used with a Windows guest");
  over_winrm();
  EXPECT_EQ(run(options), "");
  bool script = false;
  for (const auto& [name, content] : build_.guest->files) {
    script |= content.bytes.find("pw-1234") != std::string::npos &&
              content.bytes.find("chef-client.bat") != std::string::npos;
  }
  EXPECT_TRUE(script);
  EXPECT_FALSE(
      ran("c:/opscode/chef/bin/chef-client.bat --no-color -c "
          "C:/Windows/Temp/packer-chef-client/client.rb -j "
          "C:/Windows/Temp/packer-chef-client/first-boot.json"));
}

TEST_F(ChefClient, WrongOptionsAreFindings) {
  EXPECT_EQ(
      prepare({{"policy_name", text("p")},
               {"elevated_password", text("x")},
               {"validation_key_path", text("missing")}})
          .errors,
      (std::vector<std::string>{
          "server_url must be set",
          "If either policy_name or policy_group are set, they must both be set.",
          "Must supply an 'elevated_user' if 'elevated_password' provided",
          "validation_key_path: missing is invalid: stat missing: no such file or directory"}));
}

}  // namespace
}  // namespace farm::builders
