#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "builders/core/registry.h"
#include "builders/provisioners/hcp_sbom/sbom_document.h"
#include "common/io/files.h"
#include "common/io/process.h"
#include "tests/support/fakes/fake_build.h"

namespace farm::builders {
namespace provisioner_hcp_sbom {
void register_component(Registry& registry);
namespace {

using nlohmann::json;
using value::Value;

TEST(PackageList, ReadsWhatTheScriptPrints) {
  const auto list = parse_package_list(
      "os ID debian\nos VERSION_ID 12\nos PRETTY_NAME Debian GNU/Linux 12\nkind deb\n"
      "zlib1g\t1:1.2.13+b1\tamd64\t\nbash\t5.2\tamd64\tGPL\n");
  ASSERT_TRUE(list) << list.error().message;
  EXPECT_EQ(list->title, "Debian GNU/Linux 12");
  ASSERT_EQ(list->packages.size(), 2U);
  EXPECT_EQ(list->packages[0].url, "pkg:deb/debian/bash@5.2?arch=amd64&distro=debian-12");
  EXPECT_EQ(list->packages[0].license, "GPL");
  EXPECT_EQ(list->packages[1].url,
            "pkg:deb/debian/zlib1g@1%3A1.2.13%2Bb1?arch=amd64&distro=debian-12");
}

TEST(PackageList, RefusesOtherText) {
  for (const char* text : {"", "hello", "kind snap\na\tb\tc\t\n", "kind deb\nonly-a-name\n"}) {
    SCOPED_TRACE(text);
    EXPECT_FALSE(parse_package_list(text));
  }
}

// The script is run on roots of all three package managers; of this host's own programs it needs
// dpkg-query only.
class ListingScript : public ::testing::Test {
 protected:
  ListingScript() : directory_(*io::TempDirectory::create("/tmp", "farm-sbom-")) {
    EXPECT_TRUE(io::write_file(path("list.sh"), listing_script(), 0755));
  }
  std::string path(const std::string& name) const { return directory_.path() + "/" + name; }
  void put(const std::string& name, const std::string& text) {
    ASSERT_TRUE(io::make_directories(io::parent_path(path(name))));
    ASSERT_TRUE(io::write_file(path(name), text, 0755));
  }
  io::Finished run(const std::string& root) {
    io::RunOptions options;
    options.spawn.argv = {path("list.sh"), "sbom-generate", "-q", root};
    options.spawn.environment = std::map<std::string, std::string>{
        {"PATH", path("bin") + ":/usr/bin:/bin"}};
    const auto done = io::run_program(options, CancelToken());
    EXPECT_TRUE(done);
    return done ? *done : io::Finished();
  }
  io::TempDirectory directory_;
};

TEST_F(ListingScript, Dpkg) {
  put("root/etc/os-release", "ID=debian\nVERSION_ID=\"12\"\nPRETTY_NAME=\"Debian 12\"\n");
  put("root/var/lib/dpkg/status",
      "Package: bash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 5.2\n"
      "Maintainer: x\nDescription: y\n\n"
      "Package: gone\nStatus: deinstall ok config-files\nArchitecture: all\nVersion: 1\n"
      "Maintainer: x\nDescription: y\n\n");
  const io::Finished done = run(path("root"));
  ASSERT_EQ(done.status.code, 0) << done.standard_error;
  const auto list = parse_package_list(done.standard_output);
  ASSERT_TRUE(list) << done.standard_output;
  ASSERT_EQ(list->packages.size(), 1U);
  EXPECT_EQ(list->packages[0].url, "pkg:deb/debian/bash@5.2?arch=amd64&distro=debian-12");
}

TEST_F(ListingScript, Apk) {
  put("root/usr/lib/os-release", "ID=alpine\nVERSION_ID=3.19\n");
  put("root/lib/apk/db/installed",
      "C:Q1x=\nP:musl\nV:1.2.4-r2\nA:x86_64\nL:MIT\n\nC:Q1y=\nP:busybox\nV:1.36\nA:x86_64\n"
      "L:GPL-2.0-only\n");
  const auto list = parse_package_list(run(path("root")).standard_output);
  ASSERT_TRUE(list);
  ASSERT_EQ(list->packages.size(), 2U);
  EXPECT_EQ(list->packages[0].url, "pkg:apk/alpine/busybox@1.36?arch=x86_64&distro=alpine-3.19");
  EXPECT_EQ(list->packages[1].license, "MIT");
}

TEST_F(ListingScript, Rpm) {
  put("bin/rpm", "#!/bin/sh\n[ \"$1 $2\" = \"--root " + path("root") +
                     "\" ] || exit 9\n[ \"$3\" = -qa ] || exit 8\n"
                     "printf 'bash\\t5.1-2.el9\\tx86_64\\tGPLv3+\\n'\n");
  put("root/var/lib/rpm/rpmdb.sqlite", "");
  const auto list = parse_package_list(run(path("root")).standard_output);
  ASSERT_TRUE(list);
  EXPECT_EQ(list->packages[0].url, "pkg:rpm/linux/bash@5.1-2.el9?arch=x86_64");
}

TEST_F(ListingScript, NothingToList) {
  const io::Finished done = run(path("root"));
  EXPECT_EQ(done.status.code, 3);
  EXPECT_EQ(done.standard_error, "none of dpkg, rpm and apk has its list of packages here\n");
}

const PackageList kList = {"debian", "12", "Debian 12",
                           {{"bash", "5.2", "amd64", "GPL", "pkg:deb/debian/bash@5.2"}}};
const DocumentFacts kFacts = {"base", "6ba7b810-9dad-41d1-80b4-00c04fd430c8",
                              WallTime{1'704'164'645'000'000'000}};

TEST(SbomDocument, CycloneDx) {
  const json document = json::parse(sbom_document(Format::CycloneDx, kList, kFacts));
  EXPECT_EQ(document["bomFormat"], "CycloneDX");
  EXPECT_EQ(document["serialNumber"], "urn:uuid:6ba7b810-9dad-41d1-80b4-00c04fd430c8");
  EXPECT_EQ(document["metadata"]["timestamp"], "2024-01-02T03:04:05Z");
  EXPECT_EQ(document["metadata"]["component"]["name"], "debian");
  ASSERT_EQ(document["components"].size(), 1U);
  EXPECT_EQ(document["components"][0]["purl"], "pkg:deb/debian/bash@5.2");
  EXPECT_EQ(document["components"][0]["licenses"][0]["license"]["name"], "GPL");
}

TEST(SbomDocument, Spdx) {
  const json document = json::parse(sbom_document(Format::Spdx, kList, kFacts));
  EXPECT_EQ(document["spdxVersion"], "SPDX-2.3");
  EXPECT_EQ(document["creationInfo"]["created"], "2024-01-02T03:04:05Z");
  EXPECT_EQ(document["packages"][0]["SPDXID"], "SPDXRef-Package-0");
  EXPECT_EQ(document["relationships"][0]["relatedSpdxElement"], "SPDXRef-Package-0");
  EXPECT_EQ(document["packages"][0]["externalRefs"][0]["referenceLocator"],
            "pkg:deb/debian/bash@5.2");
}

TEST(SbomDocument, RecognisesBothAndNothingElse) {
  const auto own = recognise_sbom(sbom_document(Format::Spdx, kList, kFacts));
  ASSERT_TRUE(own);
  EXPECT_EQ(own->format, Format::Spdx);
  EXPECT_EQ(own->packages, 1U);
  EXPECT_TRUE(recognise_sbom(R"({"bomFormat": "CycloneDX", "specVersion": "1.4"})"));
  for (const std::string& text :
       {std::string("not json"), std::string("[]"), std::string("{}"), std::string(100'000, '['),
        std::string(R"({"bomFormat": 5, "specVersion": "1"})"),
        std::string(R"({"spdxVersion": "other"})")}) {
    EXPECT_FALSE(recognise_sbom(text)) << text.substr(0, 40);
  }
}

class Sbom : public ::testing::Test {
 protected:
  Sbom() : directory_(*io::TempDirectory::create("/tmp", "farm-sbom-")) {
    Registry registry;
    register_component(registry);
    provisioner_ = std::move(*registry.provisioner("sbom"));
  }
  Findings prepare(Value::Map options) {
    const PrepareContext context{build_.inputs, build_.environment, directory_.path(), false, false};
    return provisioner_->prepare(Value::object(std::move(options)), context);
  }
  static Value text(const std::string& bytes) { return Value::string(bytes); }
  io::TempDirectory directory_;
  testing::FakeBuild build_{directory_.path()};
  std::unique_ptr<Provisioner> provisioner_;
};

/// A guest whose files really exist, below a folder.
class FolderGuest final : public Communicator {
 public:
  explicit FolderGuest(std::string root) : root_(std::move(root)) {}
  std::vector<std::string> commands;
  Result<int> run(const RemoteCommand& command, const CancelToken& cancel) override {
    commands.push_back(command.command);
    io::RunOptions options;
    options.spawn.argv = {"/bin/sh", "-c", command.command};
    options.on_stdout = command.on_stdout ? command.on_stdout : [](std::string_view) {};
    options.on_stderr = command.on_stderr ? command.on_stderr : [](std::string_view) {};
    const io::Finished done = TRY(io::run_program(options, cancel));
    return done.status.code;
  }
  Result<void> upload(const std::string&, const std::string&, uint32_t, const ProgressSink&,
                      const CancelToken&) override {
    return internal("not used");
  }
  Result<void> upload_bytes(std::string_view bytes, const std::string& remote, uint32_t mode,
                            const CancelToken&) override {
    return io::write_file(remote, bytes, mode);
  }
  Result<void> upload_directory(const std::string&, const std::string&,
                                const std::vector<std::string>&, const CancelToken&) override {
    return internal("not used");
  }
  Result<void> download(const std::string& remote, const std::string& local, const ProgressSink&,
                        const CancelToken& cancel) override {
    return io::copy_file(remote, local, cancel);
  }
  Result<void> download_directory(const std::string&, const std::string&,
                                  const std::vector<std::string>&, const CancelToken&) override {
    return internal("not used");
  }

 private:
  std::string root_;
};

TEST_F(Sbom, AFileOfTheMachineIsKept) {
  const std::string source = directory_.path() + "/guest.json";
  ASSERT_TRUE(io::write_file(source, sbom_document(Format::CycloneDx, kList, kFacts)));
  build_.context.communicator = std::make_unique<FolderGuest>(directory_.path());
  ASSERT_TRUE(prepare({{"source", text(source)},
                       {"destination", text("kept/")},
                       {"sbom_name", text("my-image")}})
                  .ok());
  const Result<void> done = provisioner_->provision(build_.context);
  ASSERT_TRUE(done) << done.error().message;
  ASSERT_EQ(build_.context.attachments.size(), 1U);
  const artifact::Artifact& kept = build_.context.attachments[0];
  EXPECT_EQ(kept.builder_id, "farm.sbom");
  EXPECT_EQ(kept.id, "my-image");
  EXPECT_EQ(kept.files, std::vector<std::string>{"kept/my-image.cdx.json"});
  EXPECT_EQ(kept.text, "SBOM (CycloneDX, 1 packages): kept/my-image.cdx.json");
  EXPECT_TRUE(recognise_sbom(
      io::read_file(directory_.path() + "/kept/my-image.cdx.json").value_or("")));
}

TEST_F(Sbom, AFileOfAnotherKindIsRefused) {
  ASSERT_TRUE(io::write_file(directory_.path() + "/x", "{}"));
  build_.context.communicator = std::make_unique<FolderGuest>(directory_.path());
  ASSERT_TRUE(prepare({{"source", text(directory_.path() + "/x")}}).ok());
  const Result<void> done = provisioner_->provision(build_.context);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message,
            "the SBOM is neither CycloneDX (bomFormat, specVersion) nor SPDX (spdxVersion) JSON");
  EXPECT_TRUE(build_.context.attachments.empty());
}

TEST_F(Sbom, GeneratesItself) {
  ASSERT_TRUE(io::make_directories(directory_.path() + "/root/lib/apk/db"));
  ASSERT_TRUE(io::write_file(directory_.path() + "/root/lib/apk/db/installed",
                             "P:musl\nV:1.2\nA:x86_64\nL:MIT\n"));
  auto guest = std::make_unique<FolderGuest>(directory_.path());
  FolderGuest* machine = guest.get();
  build_.context.communicator = std::move(guest);
  ASSERT_TRUE(
      prepare({{"auto_generate", Value::boolean(true)},
               {"scanner_args", Value::tuple({text("-q"), text("-o"), text("spdx-json")})},
               {"scan_path", text(directory_.path() + "/root")},
               {"execute_command",
                text("sh {{.Path}} sbom-generate {{.Args}} {{.ScanPath}} > {{.Output}}")}})
          .ok());
  const Result<void> done = provisioner_->provision(build_.context);
  ASSERT_TRUE(done) << done.error().message;
  const auto kept =
      recognise_sbom(io::read_file(directory_.path() + "/sbom-base.spdx.json").value_or(""));
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->packages, 1U);
  ASSERT_EQ(machine->commands.size(), 2U);
  EXPECT_NE(machine->commands[0].find(" sbom-generate -q -o spdx-json /"), std::string::npos);
  EXPECT_TRUE(machine->commands[1].starts_with("rm -f /tmp/farm-sbom-"));
}

TEST_F(Sbom, Refusals) {
  struct Case {
    const char* name;
    Value::Map options;
    std::string error;
  };
  const Case cases[] = {
      {"neither", {}, "source must be specified, or auto_generate set"},
      {"both", {{"source", text("/x")}, {"auto_generate", Value::boolean(true)}},
       "source and auto_generate exclude each other"},
      {"name", {{"source", text("/x")}, {"sbom_name", text("a b")}},
       "sbom_name \"a b\" must have 3 to 36 characters of A-Z, a-z, 0-9, - and _"},
      {"url", {{"source", text("/x")}, {"scanner_url", text("http://x")}},
       "scanner_url: farm lists the packages itself and downloads no scanner; remove it"},
      {"checksum", {{"source", text("/x")}, {"scanner_checksum", text("ab")}},
       "scanner_checksum: farm lists the packages itself and downloads no scanner; remove it"},
      {"elevated", {{"source", text("/x")}, {"elevated_user", text("u")}},
       "elevated_user: packages of Windows cannot be listed; give a file made by your own scanner "
       "as source"},
      {"password", {{"source", text("/x")}, {"elevated_password", text("u")}},
       "elevated_password: packages of Windows cannot be listed; give a file made by your own "
       "scanner as source"},
      {"words", {{"source", text("/x")}, {"scanner_args", Value::tuple({text("--deep")})}},
       "scanner_args: farm lists the packages itself and knows \"-o cyclonedx-json\", \"-o "
       "spdx-json\" and \"-q\", not \"--deep\""},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(prepare(c.options).errors, std::vector<std::string>{c.error});
  }
}

}  // namespace
}  // namespace provisioner_hcp_sbom
}  // namespace farm::builders
