#include "builders/external/catalog/plugin_folder.h"

#include "builders/core/schema/catalog.h"
#include "tests/unit/builders/external/plugin_maker.h"

namespace farm::builders::external {
namespace {

class Plugins : public ::testing::Test {
 protected:
  Plugins() : directory_(*io::TempDirectory::create(::testing::TempDir(), "plugins")) {}
  Discovery discover() { return discover_plugins(maker_.folder(), environment_, {}); }

  io::TempDirectory directory_;
  PluginMaker maker_{directory_.path()};
  Environment environment_{{{"PATH", "/usr/bin:/bin"}}};
};

TEST_F(Plugins, SignedOnesAreFoundByName) {
  maker_.provisioner("b-two", "exit 0", "\"silence_seconds\": 7,");
  maker_.make("a-one",
              "{\"component\": \"x-build\", \"kind\": \"builder\", \"options\": []},"
              "{\"component\": \"x-ask\", \"kind\": \"data-source\", \"options\": [],"
              " \"outputs\": [{\"name\": \"n\", \"type\": \"number\"}]}",
              "exit 0");
  const Discovery found = discover();
  EXPECT_EQ(found.refused, std::vector<std::string>{});
  ASSERT_EQ(found.plugins.size(), 2U);
  EXPECT_EQ(found.plugins[0].name, "a-one");
  ASSERT_EQ(found.plugins[0].components.size(), 2U);
  EXPECT_EQ(found.plugins[0].components[1].kind, plan::ComponentKind::DataSource);
  EXPECT_EQ(found.plugins[0].components[1].name, "x-ask");
  EXPECT_EQ(found.plugins[1].silence, std::chrono::seconds(7));
}

TEST_F(Plugins, NoFolderNoPlugins) {
  const Discovery found =
      discover_plugins({directory_.path() + "/none", {}, directory_.path() + "/s"}, {}, {});
  EXPECT_TRUE(found.plugins.empty());
  EXPECT_TRUE(found.refused.empty());
}

TEST_F(Plugins, UnsignedChangedAndForeignOnesAreRefused) {
  maker_.provisioner("changed", "exit 0");
  maker_.write("changed", *io::read_file(maker_.path("changed")) + "# more\n");
  maker_.provisioner("unsigned", "exit 0");
  ASSERT_TRUE(io::remove_file(maker_.path("unsigned.sig")).has_value());
  maker_.provisioner("garbled", "exit 0");
  ASSERT_TRUE(io::write_file(maker_.path("garbled.sig"), "?!").has_value());
  ASSERT_TRUE(io::write_file(maker_.path("README"), "not a program").has_value());
  Discovery found = discover();
  EXPECT_TRUE(found.plugins.empty());
  EXPECT_EQ(
      found.refused,
      (std::vector<std::string>{
          "plugin " + maker_.path("changed") + " is not used: no trusted key has signed it",
          "plugin " + maker_.path("garbled") +
              " is not used: the signature is not base64 of 64 bytes",
          "plugin " + maker_.path("unsigned") + " is not used: it is not signed (there is no " +
              maker_.path("unsigned") + ".sig)"}));
  PluginFolder trusting_nobody = maker_.folder();
  trusting_nobody.trusted_keys.clear();
  maker_.sign("changed");
  found = discover_plugins(trusting_nobody, environment_, {});
  EXPECT_EQ(found.refused[0],
            "plugin " + maker_.path("changed") + " is not used: no key is trusted");
}

TEST_F(Plugins, TheVerifiedCopyRuns) {
  maker_.provisioner("p", "exit 0");
  const Discovery found = discover();
  ASSERT_EQ(found.plugins.size(), 1U);
  // Swapped after the check: nothing of it is used.
  maker_.write("p", "#!/bin/sh\ntouch " + directory_.path() + "/owned\n");
  EXPECT_NE(*io::read_file(found.plugins[0].program), *io::read_file(maker_.path("p")));
  EXPECT_TRUE(discover().plugins.empty());
  EXPECT_FALSE(io::exists(directory_.path() + "/owned"));
}

TEST_F(Plugins, DescriptionsAreAskedOnce) {
  maker_.write("p", "#!/bin/sh\necho x >> " + directory_.path() +
                        "/asked\necho '{\"protocol\": 1, \"components\": [{\"component\": \"p\", "
                        "\"kind\": \"provisioner\", \"options\": []}]}'\n");
  maker_.sign("p");
  EXPECT_EQ(discover().plugins.size(), 1U);
  EXPECT_EQ(discover().plugins.size(), 1U);
  EXPECT_EQ(*io::read_file(directory_.path() + "/asked"), "x\n");
}

TEST_F(Plugins, BadDescriptionsAreRefused) {
  struct Case {
    const char* name;
    std::string script;
    std::string reason;
  };
  const auto says = [](const std::string& text) {
    return "#!/bin/sh\ncat <<'END'\n" + text + "\nEND\n";
  };
  const auto option = [&](const std::string& text) {
    return says(
        "{\"protocol\": 1, \"components\": [{\"component\": \"p\", \"kind\": \"builder\", "
        "\"options\": [" +
        text + "]}]}");
  };
  const std::vector<Case> cases = {
      {"crash", "#!/bin/sh\necho oh no >&2; exit 3\n", "describe: "},
      {"text", says("hello"), "the description is no JSON object"},
      {"future", says("{\"protocol\": 2, \"components\": []}"),
       "the description is not of protocol 1"},
      {"empty", says("{\"protocol\": 1, \"components\": []}"),
       "the description has no list of 1 to 64 components"},
      {"kind",
       says("{\"protocol\": 1, \"components\": [{\"component\": \"p\", \"kind\": \"disk\"}]}"),
       "'disk' is no kind of component"},
      {"name",
       says("{\"protocol\": 1, \"components\": [{\"component\": \"../p\", \"kind\": "
            "\"builder\"}]}"),
       "'../p' is no name of a component"},
      {"own",
       says("{\"protocol\": 1, \"components\": [{\"component\": \"qemu\", \"kind\": "
            "\"builder\"}]}"),
       "builder \"qemu\" is one of farm's own"},
      {"type", option("{\"name\": \"a\", \"type\": \"colour\"}"),
       "option 'a': 'colour' is no type"},
      {"resource",
       says("{\"protocol\": 1, \"components\": [{\"component\": \"p\", \"kind\": \"builder\", "
            "\"resources\": [\"a/b\"]}]}"),
       "'a/b' is no name of a resource, or one too many"},
      {"resources-of",
       says("{\"protocol\": 1, \"components\": [{\"component\": \"p\", \"kind\": "
            "\"provisioner\", \"resources\": [\"a\"]}]}"),
       "'resources' is for builders and post-processors"},
      {"unnamed", option("{\"type\": \"string\"}"), "a component or option without 'name'"},
      {"flag", option("{\"name\": \"a\", \"type\": \"string\", \"required\": \"yes\"}"),
       "'required' is not true or false"},
      {"long", "#!/bin/sh\nhead -c 400000 /dev/zero | tr '\\0' x\n",
       "describe: the description is too long"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    maker_.write(c.name, c.script);
    maker_.sign(c.name);
    const Discovery found = discover();
    ASSERT_EQ(found.refused.size(), 1U);
    EXPECT_TRUE(
        found.refused[0].starts_with("plugin " + maker_.path(c.name) + " is not used: " + c.reason))
        << found.refused[0];
    ASSERT_TRUE(io::remove_file(maker_.path(c.name)).has_value());
  }
}

TEST_F(Plugins, OptionsGoIntoTheCatalog) {
  maker_.make("catalogued",
              "{\"component\": \"x-catalogued\", \"kind\": \"builder\", \"builder_id\": \"x.id\","
              " \"includes\": [\"communicator\"], \"options\": ["
              "{\"name\": \"size\", \"type\": \"number\", \"required\": true},"
              "{\"name\": \"disk\", \"type\": \"list(object)\", \"block\": true, \"options\": ["
              "{\"name\": \"path\", \"type\": \"string\"}]}]}",
              "exit 0");
  const Discovery found = discover();
  ASSERT_EQ(found.plugins.size(), 1U);
  ASSERT_TRUE(add_external_components(found.plugins[0].description).has_value());
  ASSERT_TRUE(add_external_components(found.plugins[0].description).has_value());
  const plan::ComponentSchema* schema =
      component_catalog().find(plan::ComponentKind::Builder, "x-catalogued");
  ASSERT_NE(schema, nullptr);
  EXPECT_TRUE(schema->built_in);
  EXPECT_EQ(schema->builder_id, "x.id");
  ASSERT_NE(schema->find("size"), nullptr);
  EXPECT_TRUE(schema->find("size")->required);
  ASSERT_NE(schema->find("disk"), nullptr);
  EXPECT_EQ(schema->find("disk")->options[0].name, "path");
  EXPECT_NE(schema->find("ssh_username"), nullptr);
  EXPECT_EQ(component_catalog().find(plan::ComponentKind::Provisioner, "x-catalogued"), nullptr);
  EXPECT_EQ(external_descriptions().size(), 1U);
}

}  // namespace
}  // namespace farm::builders::external
