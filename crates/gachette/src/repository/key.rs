//! Where everything lies in a repository. Nothing else spells these paths.

use gachette_core::Sha256Digest;
use gachette_core::apt::Suite;
use gachette_core::base::BaseName;
use gachette_core::debian::{Architecture, PackageName, Version};
use gachette_core::stack::{Domain, StackName};

/// The repository's own description.
pub(crate) const IDENTITY: &str = "gachette.json";

/// The folder of all domains.
pub(crate) const DOMAINS: &str = "domain";

/// The folder of all package records.
pub(crate) const PACKAGES: &str = "packages";

/// The folder in which records are found by the inputs of their build. Derived.
pub(crate) const INPUTS: &str = "inputs";

/// The folders and files of a repository's first level.
pub(crate) const FIRST_LEVEL: [&str; 13] = [
    IDENTITY,
    DOMAINS,
    PACKAGES,
    INPUTS,
    BUILDINFO,
    STATEMENTS,
    "debs",
    DISTS,
    INDEX_PARTS,
    FILE_LISTS,
    BASES,
    CHECKS,
    VOUCHED,
];

/// Whether `object_store` uses this name for a file that is not finished: `NAME#1`.
pub(crate) fn is_unfinished(name: &str) -> bool {
    let digits = name.rsplit_once('#').map(|(_, digits)| digits);
    digits.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
}

/// The most bytes that a file of this key has: many times what it has of a hundred thousand packages. More is not read.
pub(crate) fn most_bytes(key: &str) -> u64 {
    match key.split('/').next().unwrap_or(key) {
        // These grow with all that a stack or a distribution holds.
        DOMAINS | STATEMENTS | BASES | CHECKS => 1 << 28,
        // These with all that a package installs, or with the packages of one part.
        FILE_LISTS | INDEX_PARTS => 1 << 26,
        _ => 1 << 24,
    }
}

/// The folder of a domain's stacks.
pub(crate) fn stacks(domain: &Domain) -> String {
    format!("domain/{domain}/stacks")
}

/// The folder of a stack.
pub(crate) fn stack(stack: &StackName) -> String {
    format!("domain/{}/stacks/{}", stack.domain(), stack.name())
}

/// The highest number of a revision, or of another ledger's entry: its file's name has ten digits.
pub(crate) const LAST_REVISION: u64 = 9_999_999_999;

/// The folder of a stack's ledger.
pub(crate) fn revisions(name: &StackName) -> String {
    format!("{}/revisions", stack(name))
}

/// One revision. Ten digits, so that names sort as numbers do.
pub(crate) fn revision(name: &StackName, number: u64) -> String {
    format!("{}/{number:010}.json", revisions(name))
}

/// Up to which revision a stack's derived files are known to be right. Itself derived.
pub(crate) fn derived(name: &StackName) -> String {
    format!("{}/derived.json", stack(name))
}

/// The folder of a stack's derived files.
pub(crate) fn stacked_packages(name: &StackName) -> String {
    format!("{}/packages", stack(name))
}

/// The file of a package's version, in the package's folder among a stack's derived files.
pub(crate) const VERSION: &str = "version";

/// The version of a package in a stack, as clients of the original tool read it. Derived.
pub(crate) fn stacked_version(name: &StackName, package: &PackageName) -> String {
    format!("{}/packages/{package}/{VERSION}", stack(name))
}

/// The folder of a package.
pub(crate) fn package(package: &PackageName) -> String {
    format!("{PACKAGES}/{package}")
}

/// The folder of a package's versions.
pub(crate) fn versions(package: &PackageName) -> String {
    format!("packages/{package}/version")
}

/// The folder of one version's records.
pub(crate) fn version(package: &PackageName, version: &Version) -> String {
    format!("packages/{package}/version/{version}")
}

/// A package record.
pub(crate) fn record(package: &PackageName, version: &Version, architecture: &Architecture) -> String {
    format!("packages/{package}/version/{version}/{architecture}.json")
}

/// Whether that is a package record.
pub(crate) fn is_record(key: &str) -> bool {
    key.starts_with("packages/") && key.ends_with(".json")
}

/// The file of the name of a version's package file, beside the version's records.
pub(crate) const FILE: &str = "file";

/// The file name of a version, as clients of the original tool read it. Derived.
pub(crate) fn file(package: &PackageName, version: &Version) -> String {
    format!("packages/{package}/version/{version}/{FILE}")
}

/// The folder of what was built from these inputs.
pub(crate) fn inputs(inputs: &Sha256Digest) -> String {
    format!("{INPUTS}/{inputs}")
}

/// One package that was built from these inputs. `_` is in no name, version or architecture.
pub(crate) fn input(
    inputs: &Sha256Digest,
    name: &PackageName,
    version: &Version,
    arch: &Architecture,
) -> String {
    format!("{INPUTS}/{inputs}/{name}_{version}_{arch}")
}

/// The folder of the files that say how packages were built.
pub(crate) const BUILDINFO: &str = "buildinfo";

/// How the packages of one build were built, in folders of which none grows large.
pub(crate) fn buildinfo(digest: &Sha256Digest) -> String {
    let name = digest.to_string();
    format!("{BUILDINFO}/{}/{name}.buildinfo", &name[..2])
}

/// The folder of signed statements. Derived.
pub(crate) const STATEMENTS: &str = "statements";

/// The signed statement about the package file or the revision with this hash.
pub(crate) fn statement(about: &Sha256Digest) -> String {
    let name = about.to_string();
    format!("{STATEMENTS}/{}/{name}.json", &name[..2])
}

/// The folder of a domain's channels.
pub(crate) fn channels(domain: &Domain) -> String {
    format!("domain/{domain}/channels")
}

/// The folder of a channel's ledger.
pub(crate) fn channel(channel: &Suite) -> String {
    format!("{}/{}", channels(channel.domain()), channel.name())
}

/// One entry of it.
pub(crate) fn channel_entry(name: &Suite, number: u64) -> String {
    format!("{}/{number:010}.json", channel(name))
}

/// The folder of APT suites.
pub(crate) const DISTS: &str = "dists";

/// The folder of the parts of indices. Derived.
pub(crate) const INDEX_PARTS: &str = "index-parts";

/// The folder of a suite.
pub(crate) fn suite(suite: &Suite) -> String {
    format!("{DISTS}/{suite}")
}

/// The folder of what is known of a domain's suites.
pub(crate) fn suite_states(domain: &Domain) -> String {
    format!("domain/{domain}/suites")
}

/// What is known of a suite that was published. Derived.
pub(crate) fn suite_state(suite: &Suite) -> String {
    format!("{}/{}.json", suite_states(suite.domain()), suite.name())
}

/// A part of an index, in folders of which none grows large.
pub(crate) fn index_part(key: &Sha256Digest) -> String {
    let name = key.to_string();
    format!("{INDEX_PARTS}/{}/{name}", &name[..2])
}

/// The folder of lists of what packages install. Derived.
pub(crate) const FILE_LISTS: &str = "file-lists";

/// What a package file installs, in folders of which none grows large.
pub(crate) fn file_list(file: &Sha256Digest) -> String {
    let name = file.to_string();
    format!("{FILE_LISTS}/{}/{name}", &name[..2])
}

/// The folder of what users know of package records. Derived.
pub(crate) const VOUCHED: &str = "vouched";

/// Records that a user knows to be true, by the first byte of their digests.
pub(crate) fn vouched(owner: &str, first: u8) -> String {
    format!("{VOUCHED}/{owner}/{first:02x}")
}

/// The folder of bases: what the distributions that stacks are meant for were.
pub(crate) const BASES: &str = "bases";

/// One entry of a base's ledger.
pub(crate) fn base_entry(base: &BaseName, number: u64) -> String {
    format!("{BASES}/{base}/{number:010}.json")
}

/// A list of packages of a base, compressed, by the hash of its text.
pub(crate) fn base_list(sha256: &Sha256Digest) -> String {
    format!("{BASES}/{sha256}.zst")
}

/// The folder of answers whether stacks can be installed. Derived.
pub(crate) const CHECKS: &str = "checks";

/// An answer, by all that it depends on, in folders of which none grows large.
pub(crate) fn check(question: &Sha256Digest) -> String {
    let name = question.to_string();
    format!("{CHECKS}/{}/{name}.json", &name[..2])
}
