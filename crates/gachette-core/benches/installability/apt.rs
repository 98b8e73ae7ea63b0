//! What apt says, in a root of its own.

use std::collections::BTreeSet;

use gachette_core::installability::{Answer, PackageIndex, Universe};
use gachette_testkit::AptRoot;

use super::cost::cost_of;

/// An apt that knows the packages of one text.
pub(crate) struct Apt(AptRoot);

impl Apt {
    pub(crate) fn new(text: &str) -> Self {
        let root = AptRoot::new();
        std::fs::create_dir(root.path("distribution")).unwrap();
        root.write("distribution/Packages", text);
        root.source("Types: deb\nURIs: file:/distribution\nSuites: ./\nTrusted: yes\n");
        root.check(&["update"]);
        Self(root)
    }

    /// Asks apt for each set too, the essential packages with it. Where it says no and we say yes, it is asked for exactly the
    /// packages that we chose.
    /// How many answers differ for another reason than that apt does not go back on a choice is given.
    pub(crate) fn compare(
        &self,
        known: &Universe<'_>,
        sets: &[Vec<PackageIndex>],
        answers: &[Answer],
    ) -> usize {
        let (mut wrong, mut helped, mut same, mut more) = (Vec::new(), 0, 0, 0);
        let ((), time) = cost_of(|| {
            for (number, (set, answer)) in sets.iter().zip(answers).enumerate() {
                let theirs = self.installs(known, set);
                match (answer, theirs) {
                    (Answer::Refused(_), None) => {}
                    (Answer::Installable(found), Some(theirs)) => {
                        let ours: BTreeSet<String> = names(known, &found.packages).collect();
                        same += usize::from(ours == theirs);
                        more += usize::from(ours.len() > theirs.len());
                    }
                    (Answer::Installable(found), None) => {
                        let exactly = self.installs(known, &found.packages);
                        let ours: BTreeSet<String> = names(known, &found.packages).collect();
                        if exactly.as_ref() == Some(&ours) { helped += 1 } else { wrong.push(number) }
                    }
                    (Answer::Refused(_), Some(_)) => wrong.push(number),
                }
            }
        });
        println!("  apt: {} disagreements {wrong:?}, {time:.0} s", wrong.len());
        println!("  {helped} sets apt could only install when told what we chose");
        println!(
            "  of the rest {same} times the same packages come with the set; {more} times we bring more"
        );
        wrong.len()
    }

    /// What apt would install, when it would. Not with `--simulate`, which takes ten times as long after it has decided.
    fn installs(&self, known: &Universe<'_>, set: &[PackageIndex]) -> Option<BTreeSet<String>> {
        let set: Vec<String> = names(known, set).collect();
        // As if apt would not count itself among the essential packages.
        let mut arguments = vec!["install", "--print-uris", "?and(?essential,?not(?exact-name(apt)))"];
        arguments.extend(set.iter().map(String::as_str));
        let output = self.0.run(&arguments);
        let text = String::from_utf8(output.stdout).unwrap();
        // 'URI' NAME_VERSION_ARCHITECTURE.deb SIZE DIGEST
        let files =
            text.lines().filter(|line| line.starts_with('\'')).filter_map(|line| line.split(' ').nth(1));
        let name = |file: &str| {
            let mut parts = file.trim_end_matches(".deb").split('_');
            let (name, version) = (parts.next().unwrap(), parts.next().unwrap().replace("%3a", ":"));
            format!("{name}={version}")
        };
        output.status.success().then(|| files.map(name).collect())
    }
}

fn names(known: &Universe<'_>, packages: &[PackageIndex]) -> impl Iterator<Item = String> {
    packages.iter().map(|index| {
        let package = known.package(*index);
        format!("{}={}", package.name(), package.version())
    })
}
