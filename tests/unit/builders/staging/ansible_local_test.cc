#include "tests/unit/builders/staging/provisioner_fixture.h"

namespace farm::builders {
namespace provisioner_ansible_local {
void register_component(Registry& registry);
}
namespace {

class AnsibleLocal : public ProvisionerFixture {
 protected:
  AnsibleLocal()
      : ProvisionerFixture(provisioner_ansible_local::register_component, "ansible-local") {
    file("pb/site.yml");
    file("pb/b/two.yml");
    for (const char* name : {"gv", "hv", "r/one", "c/acme", "pb2"}) folder(name);
    file("inv");
  }
};

constexpr const char* kVariables =
    "--extra-vars \"packer_build_name=base packer_builder_type=null -o IdentitiesOnly=yes\"";

TEST_F(AnsibleLocal, StagesEverythingAndRuns) {
  file("req.yml", "roles: []\ncollections: []\n");
  build_.context.http_ip = "10.0.2.2";
  build_.context.http_port = 8000;
  EXPECT_EQ(run({{"playbook_file", text("pb/site.yml")},
                 {"playbook_dir", text("pb")},
                 {"group_vars", text("gv")},
                 {"host_vars", text("hv")},
                 {"role_paths", texts({"r/one"})},
                 {"collection_paths", texts({"c/acme/"})},
                 {"playbook_paths", texts({"pb2"})},
                 {"inventory_groups", texts({"web", "db"})},
                 {"galaxy_file", text("req.yml")},
                 {"galaxy_command", text("galaxy")},
                 {"galaxy_force_install", flag(true)},
                 {"extra_arguments", texts({"-v", "--diff"})},
                 {"command", text("ansible-playbook")},
                 {"staging_directory", text("/s")},
                 {"clean_staging_directory", flag(true)}}),
            "");
  ASSERT_EQ(commands().size(), 10U);
  EXPECT_EQ(std::vector<std::string>(commands().begin(), commands().begin() + 8),
            (std::vector<std::string>{
                "mkdir -p '/s'", "mkdir -p '/s/group_vars'", "mkdir -p '/s/host_vars'",
                "mkdir -p '/s/roles/one'", "mkdir -p '/s/collections/acme'",
                "mkdir -p '/s/playbooks/pb2'",
                "cd /s && galaxy install -r /s/req.yml -p /s/galaxy_roles -f",
                "cd /s && galaxy collection install -r /s/req.yml -p /s/galaxy_collections -f"}));
  const std::string& play = commands()[8];
  EXPECT_TRUE(play.starts_with("cd /s && export ANSIBLE_ROLES_PATH='/s/galaxy_roles':")) << play;
  EXPECT_NE(play.find("&& ansible-playbook /s/site.yml --extra-vars \"packer_build_name=base "
                      "packer_builder_type=null packer_http_addr=10.0.2.2:8000 -o "
                      "IdentitiesOnly=yes\" -v --diff -c local -i "
                      "/s/packer-provisioner-ansible-local"),
            std::string::npos)
      << play;
  EXPECT_EQ(commands()[9], "rm -rf '/s'");
  EXPECT_EQ(guest_file("/s"), local_folder("pb"));
  EXPECT_EQ(guest_file("/s/site.yml"), local_file("pb/site.yml"));
  EXPECT_EQ(guest_file("/s/roles/one"), local_folder("r/one"));
  EXPECT_EQ(guest_file("/s/collections/acme"), "dir <" + path("c/acme/") + ">");
  EXPECT_EQ(guest_file(play.substr(play.rfind("-i ") + 3)), "[web]\n127.0.0.1\n[db]\n127.0.0.1\n");
}

TEST_F(AnsibleLocal, SeveralPlaybooksKeepTheirPaths) {
  EXPECT_EQ(run({{"playbook_files", texts({"pb/site.yml", "./pb/b/two.yml"})},
                 {"inventory_file", text("inv")},
                 {"staging_directory", text("/s/")}}),
            "");
  const std::string first = "/s" + path("pb/site.yml");
  EXPECT_EQ(commands(),
            (std::vector<std::string>{
                "mkdir -p '/s'", "mkdir -p '" + io::parent_path(first) + "'",
                "mkdir -p '/s" + path("pb/b") + "'",
                "cd /s && ANSIBLE_FORCE_COLOR=1 PYTHONUNBUFFERED=1 ansible-playbook " + first +
                    " " + kVariables + "  -c local -i /s/inv",
                "cd /s && ANSIBLE_FORCE_COLOR=1 PYTHONUNBUFFERED=1 ansible-playbook /s" +
                    path("pb/b/two.yml") + " " + kVariables + "  -c local -i /s/inv"}));
}

TEST_F(AnsibleLocal, PlaybooksOfTheFolderAreNotSentTwice) {
  file("req.yml", "- src: x\n");
  EXPECT_EQ(run({{"playbook_files", texts({"pb/site.yml", "pb/b/two.yml"})},
                 {"playbook_dir", text("./pb/")},
                 {"galaxy_file", text("req.yml")},
                 {"galaxy_roles_path", text("/g/r")},
                 {"galaxy_collections_path", text("/g/c")}}),
            "");
  const std::string staging = commands()[0].substr(10, commands()[0].size() - 11);
  EXPECT_TRUE(staging.starts_with("/tmp/packer-provisioner-ansible-local/")) << staging;
  EXPECT_EQ(commands()[1],
            "cd " + staging + " && ansible-galaxy install -r " + staging + "/req.yml -p /g/r");
  EXPECT_NE(commands().back().find(" " + staging + "/b/two.yml "), std::string::npos);
  EXPECT_NE(commands().back().find("ANSIBLE_COLLECTIONS_PATH='/g/c':"), std::string::npos);
}

TEST_F(AnsibleLocal, FailuresTellTheStatusAndClean) {
  fail("ansible-playbook", 4);
  EXPECT_EQ(run({{"playbook_file", text("pb/site.yml")},
                 {"staging_directory", text("/s")},
                 {"clean_staging_directory", flag(true)}}),
            "Error executing Ansible: Non-zero exit status: 4");
  EXPECT_EQ(commands().back(), "rm -rf '/s'");
  fail("ansible-playbook", 127);
  EXPECT_TRUE(run({{"playbook_file", text("pb/site.yml")}})
                  .ends_with("could not be found. Verify that it is available on the PATH after "
                             "connecting to the machine."));
}

TEST_F(AnsibleLocal, WrongOptionsAreFindings) {
  EXPECT_EQ(
      prepare({{"playbook_file", text("pb/site.yml")},
               {"playbook_files", texts({"x"})},
               {"group_vars", text("inv")}})
          .errors,
      (std::vector<std::string>{"Either playbook_file or playbook_files can be specified, not both",
                                "group_vars: inv must point to a directory"}));
  EXPECT_EQ(prepare({}).errors,
            std::vector<std::string>{"Either playbook_file or playbook_files must be specified"});
}

}  // namespace
}  // namespace farm::builders
