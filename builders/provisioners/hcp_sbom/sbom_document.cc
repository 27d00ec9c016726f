#include "builders/provisioners/hcp_sbom/sbom_document.h"

#include <ctime>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace farm::builders::provisioner_hcp_sbom {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kTool = "farm";

std::string utc_time(WallTime at) {
  const std::time_t seconds = at.unix_seconds();
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[32];
  std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

Json cyclonedx(const PackageList& list, const DocumentFacts& facts) {
  Json components = Json::array();
  for (const Package& package : list.packages) {
    Json component = {{"type", "library"},
                      {"bom-ref", package.url},
                      {"name", package.name},
                      {"version", package.version},
                      {"purl", package.url}};
    if (!package.license.empty()) {
      component["licenses"] = Json::array({{{"license", {{"name", package.license}}}}});
    }
    components.push_back(std::move(component));
  }
  return {{"bomFormat", "CycloneDX"},
          {"specVersion", "1.5"},
          {"serialNumber", "urn:uuid:" + facts.serial},
          {"version", 1},
          {"metadata",
           {{"timestamp", utc_time(facts.created)},
            {"tools", {{"components", Json::array({{{"type", "application"}, {"name", kTool}}})}}},
            {"component",
             {{"type", "operating-system"},
              {"bom-ref", facts.name},
              {"name", list.system.empty() ? facts.name : list.system},
              {"version", list.version},
              {"description", list.title}}}}},
          {"components", std::move(components)}};
}

// SPDX ids have letters, digits, dots and dashes.
std::string spdx_id(size_t number) { return fmt::format("SPDXRef-Package-{}", number); }

Json spdx_package(const Package& package, size_t number) {
  return {{"SPDXID", spdx_id(number)},
          {"name", package.name},
          {"versionInfo", package.version},
          {"downloadLocation", "NOASSERTION"},
          {"filesAnalyzed", false},
          {"licenseConcluded", "NOASSERTION"},
          {"licenseDeclared", "NOASSERTION"},
          {"licenseComments", package.license},
          {"copyrightText", "NOASSERTION"},
          {"externalRefs", Json::array({{{"referenceCategory", "PACKAGE-MANAGER"},
                                         {"referenceType", "purl"},
                                         {"referenceLocator", package.url}}})}};
}

Json spdx(const PackageList& list, const DocumentFacts& facts) {
  Json packages = Json::array();
  Json relations = Json::array();
  for (size_t i = 0; i < list.packages.size(); ++i) {
    packages.push_back(spdx_package(list.packages[i], i));
    relations.push_back({{"spdxElementId", "SPDXRef-DOCUMENT"},
                         {"relationshipType", "DESCRIBES"},
                         {"relatedSpdxElement", spdx_id(i)}});
  }
  return {{"spdxVersion", "SPDX-2.3"},
          {"dataLicense", "CC0-1.0"},
          {"SPDXID", "SPDXRef-DOCUMENT"},
          {"name", facts.name},
          {"documentNamespace", "urn:uuid:" + facts.serial},
          {"creationInfo",
           {{"created", utc_time(facts.created)},
            {"creators", Json::array({std::string("Tool: ") + kTool})},
            {"comment", list.title}}},
          {"packages", std::move(packages)},
          {"relationships", std::move(relations)}};
}

// Of a foreign document: no deeper than any real one.
constexpr int kDeepest = 64;

bool too_deep(std::string_view text) {
  int depth = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted && c == '\\') {
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && (c == '{' || c == '[')) {
      if (++depth > kDeepest) return true;
    } else if (!quoted && (c == '}' || c == ']')) {
      --depth;
    }
  }
  return false;
}

size_t length_of(const Json& document, const char* name) {
  const auto found = document.find(name);
  return found != document.end() && found->is_array() ? found->size() : 0;
}

}  // namespace

const char* format_name(Format format) {
  return format == Format::Spdx ? "SPDX" : "CycloneDX";
}

std::string sbom_document(Format format, const PackageList& list, const DocumentFacts& facts) {
  const Json document = format == Format::Spdx ? spdx(list, facts) : cyclonedx(list, facts);
  // What a package manager wrote need not be UTF-8.
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<SbomSummary> recognise_sbom(std::string_view text) {
  if (too_deep(text)) return invalid_input("the SBOM is nested too deeply");
  const Json document = Json::parse(text, nullptr, false);
  if (document.is_discarded()) return invalid_input("the SBOM is no JSON");
  if (!document.is_object()) return invalid_input("the SBOM is no JSON object");
  const auto is = [&](const char* name, std::string_view start) {
    const auto found = document.find(name);
    return found != document.end() && found->is_string() &&
           std::string_view(found->get_ref<const std::string&>()).starts_with(start);
  };
  if (is("bomFormat", "CycloneDX") && document.contains("specVersion")) {
    return SbomSummary{Format::CycloneDx, length_of(document, "components")};
  }
  if (is("spdxVersion", "SPDX-")) return SbomSummary{Format::Spdx, length_of(document, "packages")};
  return invalid_input(
      "the SBOM is neither CycloneDX (bomFormat, specVersion) nor SPDX (spdxVersion) JSON");
}

}  // namespace farm::builders::provisioner_hcp_sbom
