//! Small sets of packages whose relations are many: `Packages` texts for whoever decides what can be installed.

use std::fmt::Write as _;

/// Draws universes; the same ones for the same number.
#[derive(Clone, Debug)]
pub struct SmallUniverses {
    state: u64,
    traits: UniverseTraits,
}

/// What the packages of a universe may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UniverseTraits {
    /// The most packages.
    pub packages: usize,
    /// Whether there are packages of `i386` besides those of `amd64`, with `Multi-Arch` and qualifiers.
    pub foreign: bool,
    /// Whether a name may have several versions.
    pub versions: bool,
    /// Whether packages may be essential.
    pub essential: bool,
}

const NAMES: [&str; 5] = ["aa", "bb", "cc", "dd", "ee"];
const VIRTUAL: [&str; 2] = ["vv", "ww"];

impl SmallUniverses {
    /// Universes of these traits.
    pub fn new(seed: u64, traits: UniverseTraits) -> Self {
        Self { state: (seed ^ 0x9e37_79b9_7f4a_7c15) | 1, traits }
    }

    /// The next universe, as a `Packages` text that apt and dose read too.
    pub fn draw(&mut self) -> String {
        let (count, mut text, mut known) = (1 + self.below(self.traits.packages), String::new(), Vec::new());
        for _ in 0..count {
            let name = NAMES[self.below(NAMES.len())];
            let version = if self.traits.versions { 1 + self.below(3) } else { 1 };
            let architecture = match self.traits.foreign {
                true => ["amd64", "i386", "all"][self.below(3)],
                false => ["amd64", "all"][self.below(2)],
            };
            let place = if architecture == "all" { "amd64" } else { architecture };
            let same = |known: &(&str, usize, &str)| known.0 == name && known.2 == place;
            if known.iter().any(|k| same(k) && (k.1 == version || !self.traits.versions)) {
                continue;
            }
            known.push((name, version, place));
            self.paragraph(&mut text, name, version, architecture);
        }
        text
    }

    fn paragraph(&mut self, text: &mut String, name: &str, version: usize, architecture: &str) {
        let file = format!("./{name}_{version}_{architecture}.deb");
        let digest = "0".repeat(64);
        // Writing to a String cannot fail.
        let mut put = |line: std::fmt::Arguments<'_>| {
            let _ = writeln!(text, "{line}");
        };
        put(format_args!("Package: {name}\nVersion: {version}\nArchitecture: {architecture}"));
        put(format_args!("Maintainer: A <a@example.org>\nFilename: {file}\nSize: 1\nSHA256: {digest}"));
        if self.traits.foreign && architecture != "all" && self.one_in(2) {
            put(format_args!("Multi-Arch: {}", ["same", "foreign", "allowed"][self.below(3)]));
        }
        if self.traits.essential && architecture != "i386" && self.one_in(8) {
            put(format_args!("Essential: yes"));
        }
        for (field, often) in [("Pre-Depends", 5), ("Depends", 2), ("Recommends", 4)] {
            if self.one_in(often) {
                let groups: Vec<String> = (0..=self.below(2)).map(|_| self.alternatives()).collect();
                put(format_args!("{field}: {}", groups.join(", ")));
            }
        }
        for field in ["Breaks", "Conflicts"] {
            if self.one_in(4) {
                put(format_args!("{field}: {}", self.relation()));
            }
        }
        if self.one_in(3) {
            let version = if self.one_in(2) { format!(" (= {})", 1 + self.below(3)) } else { String::new() };
            let qualifier = if self.traits.foreign && self.one_in(4) { self.qualifier() } else { "" };
            let all = [NAMES[self.below(NAMES.len())], VIRTUAL[self.below(2)], VIRTUAL[self.below(2)]];
            put(format_args!("Provides: {}{qualifier}{version}", all[self.below(3)]));
        }
        put(format_args!("Description: a test\n"));
    }

    fn alternatives(&mut self) -> String {
        let relations: Vec<String> = (0..=self.below(2)).map(|_| self.relation()).collect();
        relations.join(" | ")
    }

    fn relation(&mut self) -> String {
        let at = self.below(NAMES.len() + VIRTUAL.len());
        let name = NAMES.into_iter().chain(VIRTUAL).nth(at).unwrap_or("vv");
        let qualifier = if self.traits.foreign && self.one_in(3) { self.qualifier() } else { "" };
        let operator = ["<<", "<=", "=", ">=", ">>"][self.below(5)];
        // apt 2.6 does not compare the versions of what is provided when an architecture is named; dpkg does.
        let named = !matches!(qualifier, "" | ":any");
        if !named && self.one_in(3) {
            format!("{name}{qualifier} ({operator} {})", 1 + self.below(3))
        } else {
            format!("{name}{qualifier}")
        }
    }

    fn qualifier(&mut self) -> &'static str {
        [":any", ":i386", ":amd64"][self.below(3)]
    }

    fn one_in(&mut self, of: usize) -> bool {
        self.below(of) == 0
    }

    fn below(&mut self, end: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        ((self.state >> 16) % end as u64) as usize
    }
}
