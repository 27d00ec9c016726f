#include <cstdlib>

#include "common/io/process.h"
#include "tests/unit/builders/staging/provisioner_fixture.h"

namespace farm::builders {
namespace provisioner_salt_masterless {
void register_component(Registry& registry);
}
namespace {

class SaltMasterless : public ProvisionerFixture {
 protected:
  SaltMasterless()
      : ProvisionerFixture(provisioner_salt_masterless::register_component, "salt-masterless") {
    folder("states");
    folder("pillar");
    file("minion");
    file("grains");
  }
};

TEST_F(SaltMasterless, BootstrapsPlacesTheTreesAndCalls) {
  EXPECT_EQ(run({{"local_state_tree", text("states")},
                 {"local_pillar_roots", text("pillar")},
                 {"grains_file", text("grains")},
                 {"bootstrap_args", text("-X v1")}}),
            "");
  EXPECT_EQ(
      commands(),
      (std::vector<std::string>{
          "curl -L https://bootstrap.saltstack.com -o /tmp/install_salt.sh || wget -O "
          "/tmp/install_salt.sh https://bootstrap.saltstack.com",
          "sudo sh /tmp/install_salt.sh -X v1", "sudo mkdir -p '/tmp/salt'",
          "sudo chown \"$(id -u)\" '/tmp/salt'", "sudo mkdir -p '/etc/salt'",
          "sudo mv '/tmp/salt/grains' '/etc/salt/grains'", "sudo rm -rf '/tmp/salt/states'",
          "mkdir -p '/tmp/salt/states'", "sudo rm -rf '/srv/salt'", "sudo mkdir -p '/srv'",
          "sudo mv '/tmp/salt/states' '/srv/salt'", "sudo rm -rf '/tmp/salt/pillar'",
          "mkdir -p '/tmp/salt/pillar'", "sudo rm -rf '/srv/pillar'", "sudo mkdir -p '/srv'",
          "sudo mv '/tmp/salt/pillar' '/srv/pillar'",
          "sudo salt-call --local state.highstate --file-root=/srv/salt --pillar-root=/srv/pillar "
          "--retcode-passthrough -l info"}));
  EXPECT_EQ(guest_file("/tmp/salt/states"), local_folder("states"));
  EXPECT_EQ(guest_file("/tmp/salt/grains"), local_file("grains"));
}

TEST_F(SaltMasterless, MinionConfigurationRulesTheTrees) {
  EXPECT_EQ(run({{"local_state_tree", text("states")},
                 {"minion_config", text("minion")},
                 {"skip_bootstrap", flag(true)},
                 {"disable_sudo", flag(true)},
                 {"custom_state", text("x,y")},
                 {"log_level", text("debug")},
                 {"salt_call_args", text("test=True")},
                 {"salt_bin_dir", text("/opt/salt")},
                 {"temp_config_dir", text("/t/")},
                 {"no_exit_on_failure", flag(true)},
                 {"guest_os_type", text("unix")}}),
            "");
  EXPECT_EQ(commands(),
            (std::vector<std::string>{
                "mkdir -p '/t'", "mkdir -p '/etc/salt'", "mv '/t/minion' '/etc/salt/minion'",
                "rm -rf '/t/states'", "mkdir -p '/t/states'", "rm -rf '/srv/salt'",
                "mkdir -p '/srv'", "mv '/t/states' '/srv/salt'",
                "/opt/salt/salt-call --local state.sls x,y -l debug test=True"}));
}

TEST_F(SaltMasterless, TreesOfTheUsersChoice) {
  EXPECT_EQ(run({{"local_state_tree", text("states")},
                 {"local_pillar_roots", text("pillar")},
                 {"remote_state_tree", text("/a/states")},
                 {"remote_pillar_roots", text("/a/pillar")},
                 {"skip_bootstrap", flag(true)}}),
            "");
  EXPECT_EQ(commands().back(),
            "sudo salt-call --local state.highstate --file-root=/a/states --pillar-root=/a/pillar "
            "--retcode-passthrough -l info");
}

TEST_F(SaltMasterless, FormulasComeFromGit) {
  ASSERT_EQ(std::system(("cd " + directory_.path() +
                         " && git init -q -b main repo && mkdir -p repo/nginx && "
                         "echo x > repo/nginx/init.sls && cd repo && git add . && "
                         "git -c user.name=t -c user.email=t@t commit -q -m x && git tag v1")
                            .c_str()),
            0);
  EXPECT_EQ(run({{"local_state_tree", text("states")},
                 {"skip_bootstrap", flag(true)},
                 {"formulas", texts({"git::file://" + path("repo") + "//nginx?ref=v1"})}}),
            "");
  EXPECT_TRUE(ran("sudo mv '/tmp/salt/formula' '/srv/salt/nginx'"));
  EXPECT_TRUE(guest_file("/tmp/salt/formula").ends_with("/x/nginx/>"));
  const std::string missing = run({{"local_state_tree", text("states")},
                                   {"skip_bootstrap", flag(true)},
                                   {"formulas", texts({"file://" + path("repo") + "//other"})}});
  EXPECT_EQ(missing, "formula file://" + path("repo") + ": there is no folder other");
}

TEST_F(SaltMasterless, Windows) {
  over_winrm();
  EXPECT_EQ(run({{"local_state_tree", text("states")}}), "");
  EXPECT_EQ(commands()[1], "powershell C:/Windows/Temp/bootstrap-salt.ps1 ");
  EXPECT_TRUE(ran("salt-call --local winrepo.update_git_repos"));
  EXPECT_EQ(commands().back(),
            "salt-call --local state.highstate --file-root=C:/salt/state "
            "--pillar-root=C:/salt/pillar --retcode-passthrough -l info");
}

TEST_F(SaltMasterless, FailuresTellTheStatus) {
  fail("salt-call", 2);
  EXPECT_EQ(run({{"local_state_tree", text("states")}, {"skip_bootstrap", flag(true)}}),
            "Error executing salt-call: Bad exit status: 2");
  fail("install_salt.sh -", 1);
  EXPECT_EQ(run({{"local_state_tree", text("states")}, {"bootstrap_args", text("-x")}}),
            "Unable to install Salt: Bad exit status: 1");
}

TEST_F(SaltMasterless, WrongOptionsAreFindings) {
  EXPECT_EQ(
      prepare({{"minion_config", text("minion")},
               {"remote_state_tree", text("/a")},
               {"local_pillar_roots", text("minion")},
               {"formulas", texts({"github.com/x/y"})}})
          .errors,
      (std::vector<std::string>{
          "formulas: github.com/x/y must name a git repository and, behind //, a folder in it",
          "local_state_tree must be supplied",
          "local_pillar_roots: minion must point to a directory",
          "remote_state_tree and remote_pillar_roots only apply when minion_config is not "
          "used"}));
}

}  // namespace
}  // namespace farm::builders
