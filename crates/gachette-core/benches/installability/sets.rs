//! Random sets of packages, each to be installed as a whole: we, dose-debcheck and apt.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use gachette_core::installability::{Answer, Checker, PackageIndex, Query, Universe};

use super::apt::Apt;
use super::cost::cost_of;
use super::{dose, universe};

/// Asks for `count` sets, half of them of 20 packages and half of 100, of which more cannot be installed.
/// How many answers differ and are not explained.
pub(crate) fn compare(file: &Path, text: &str, count: usize) -> usize {
    let known = universe(text);
    let sets = random_sets(&known, count);
    let mut checker = Checker::new(&known, &|| false);
    let ask = |set: &Vec<PackageIndex>| checker.check(&Query { install: set, ..Query::default() }).unwrap();
    let (answers, ours) = cost_of(|| sets.iter().map(ask).collect::<Vec<_>>());
    let refused = answers.iter().filter(|answer| matches!(answer, Answer::Refused(_))).count();
    println!("{count} random sets: {refused} cannot be installed");
    println!("  we {:.2} s for all, explanations and what comes with them included", ours);
    let broken = broken_by_dose(file, &known, &sets);
    let differ = |(number, answer): &(usize, &Answer)| {
        matches!(answer, Answer::Refused(_)) != broken.contains(&format!("set-{number} 1 all"))
    };
    let differing = answers.iter().enumerate().filter(differ).count();
    println!("  dose-debcheck: {differing} disagreements");
    differing + Apt::new(text).compare(&known, &sets, &answers)
}

fn random_sets(known: &Universe<'_>, count: usize) -> Vec<Vec<PackageIndex>> {
    let (all, mut state) = (known.packages().collect::<Vec<_>>(), 0x2545_f491_4f6c_dd1d_u64);
    let mut below = |end: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        ((state >> 16) % end as u64) as usize
    };
    (0..count)
        .map(|number| {
            let size = if number % 2 == 0 { 20 } else { 100 };
            let mut set: Vec<PackageIndex> = (0..size).map(|_| all[below(all.len())]).collect();
            set.sort_unstable();
            set.dedup();
            set
        })
        .collect()
}

/// Each set as a package that depends on all of it.
fn broken_by_dose(file: &Path, known: &Universe<'_>, sets: &[Vec<PackageIndex>]) -> BTreeSet<String> {
    let mut text = String::new();
    for (number, set) in sets.iter().enumerate() {
        let exactly = |index: &PackageIndex| {
            let package = known.package(*index);
            format!("{} (= {})", package.name(), package.version())
        };
        let depends = set.iter().map(exactly).collect::<Vec<_>>().join(", ");
        write!(text, "Package: set-{number}\nVersion: 1\nArchitecture: all\nDepends: {depends}\n\n").unwrap();
    }
    let own = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(own.path(), text).unwrap();
    let (foreground, background) =
        (format!("--fg={}", own.path().display()), format!("--bg={}", file.display()));
    dose::broken(&["-tdeb".as_ref(), foreground.as_ref(), background.as_ref()])
}
