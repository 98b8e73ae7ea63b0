//! What apt left out of sources without failing: components and architectures that a repository does not have.

use std::collections::BTreeSet;

use gachette_core::debian::Architecture;
use gachette_core::without_secrets;

use super::apt::FetchedList;

/// What apt says of a list that it did not ask for (apt-pkg/deb/debmetaindex.cc).
const SKIPPED: &str = "W: Skipping acquire of configured file '";

/// What nothing was fetched of, in plain words, by the lines that apt wrote.
pub(super) fn components<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<String> {
    // One line for each architecture.
    let said: BTreeSet<String> = lines.filter_map(component).collect();
    said.into_iter().collect()
}

fn component(line: &str) -> Option<String> {
    let (list, rest) = line.strip_prefix(SKIPPED)?.split_once("' as repository '")?;
    let (repository, reason) = rest.split_once('\'')?;
    let repository = repository.trim_end_matches(" InRelease").trim_end_matches(" Release");
    let what = match reason.split_once("component '").and_then(|(_, rest)| rest.split_once('\'')) {
        Some((component, _)) => format!("component `{component}`"),
        None => format!("list `{list}`"),
    };
    Some(without_secrets(&format!("{repository} has no {what}, so nothing came of it")).to_string())
}

/// Which of these architectures no list is for, in plain words.
pub(crate) fn architectures<'a>(
    wanted: impl Iterator<Item = &'a Architecture>,
    lists: &[FetchedList],
) -> Vec<String> {
    let is_missing = |wanted: &&Architecture| {
        // A list of a flat repository is for none in particular.
        let is_for = |list: &FetchedList| ["", wanted.as_str()].contains(&list.field("Architecture"));
        !lists.iter().any(is_for)
    };
    wanted
        .filter(is_missing)
        .map(|architecture| format!("the sources have no list of packages for {architecture}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_apt_leaves_out_is_told_once_and_nothing_else_is() {
        // As apt 2.6 says it.
        let said = "\
W: Skipping acquire of configured file 'contrb/binary-amd64/Packages' as repository 'http://127.0.0.1:8797 s InRelease' doesn't have the component 'contrb' (component misspelt in sources.list?)
W: Skipping acquire of configured file 'contrb/binary-arm64/Packages' as repository 'http://127.0.0.1:8797 s InRelease' doesn't have the component 'contrb' (component misspelt in sources.list?)
W: Skipping acquire of configured file 'main/binary-arm64/Packages' as repository 'file:/srv s InRelease' does not seem to provide it (sources.list entry misspelt?)
W: The repository 'file:/srv s Release' is not signed.
";
        let expected = [
            "file:/srv s has no list `main/binary-arm64/Packages`, so nothing came of it",
            "http://127.0.0.1:8797 s has no component `contrb`, so nothing came of it",
        ];
        assert_eq!(components(said.lines()), expected);
    }
}
