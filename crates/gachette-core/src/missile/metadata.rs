//! What a recipe says about its main package beyond what is in it.

use serde::Serialize;

use super::fields::Fields;
use super::{Problem, values};
use crate::debian::RelationField;
use crate::yaml::{Content, Entry, Node, Problems};

/// Control fields of the main package; all optional. Relations are in Debian's syntax and already checked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Metadata {
    /// `Name <address>`.
    pub maintainer: Option<String>,
    /// Debian section, such as `web`.
    pub section: Option<String>,
    /// Debian priority, such as `optional`.
    pub priority: Option<String>,
    /// A URL.
    pub homepage: Option<String>,
    /// First line: the synopsis; the rest: the long description.
    pub description: Option<String>,
    /// Further packages it needs.
    pub depends: Option<String>,
    /// Packages it works better with.
    pub recommends: Option<String>,
    /// Packages it cannot be installed with.
    pub conflicts: Option<String>,
    /// Virtual packages it provides.
    pub provides: Option<String>,
    /// Packages whose files it may overwrite.
    pub replaces: Option<String>,
}

/// Keys that recipes of the original could use as settings, since it knew them not.
const TEXTS: [&str; 10] = [
    "maintainer",
    "section",
    "priority",
    "homepage",
    "description",
    "depends",
    "recommends",
    "conflicts",
    "provides",
    "replaces",
];

impl Metadata {
    /// The keys of a recipe that share a name with metadata but cannot be meant as such: they stay settings, as they
    /// were to the original.
    pub(super) fn misfits(entries: &[Entry], problems: &mut Problems) -> Vec<String> {
        let mut kept = Vec::new();
        for entry in entries {
            let key = entry.key.as_str();
            let fits = match (key, &entry.value.content) {
                (_, Content::Null) => true,
                ("priority", Content::Text(text)) => PRIORITIES.contains(&text.as_str()),
                ("section", Content::Text(text)) => is_section(text),
                ("depends" | "recommends" | "conflicts" | "provides" | "replaces", Content::List(items)) => {
                    items.iter().all(|item| matches!(item.content, Content::Text(_)))
                }
                ("files", Content::List(items)) => items.iter().all(|item| item.entries().is_some()),
                ("files", _) => false,
                ("user" | "package_prefix", content) => matches!(content, Content::Text(_)),
                (key, content) if TEXTS.contains(&key) => matches!(content, Content::Text(_)),
                _ => true,
            };
            if !fits {
                let message = format!("this cannot be the package's `{key}`: it is taken as a setting");
                let mut problem = Problem::warning(entry.key_place, message);
                if key == "priority" {
                    problem = problem
                        .with_hint(format!("a package's priority is one of {}", values::listed(&PRIORITIES)));
                }
                problems.push(problem);
                kept.push(entry.key.clone());
            }
        }
        kept
    }

    pub(super) fn read(fields: &Fields, problems: &mut Problems) -> Self {
        let mut line = |key: &str| fields.get(key).and_then(|node| values::line(node, problems));
        let (maintainer, section) = (line("maintainer"), line("section"));
        let (priority, homepage) = (line("priority"), line("homepage"));
        let mut relations =
            |key: &str, field| fields.get(key).and_then(|node| relations(node, field, problems));
        Self {
            maintainer,
            section,
            priority,
            homepage,
            depends: relations("depends", RelationField::Depends),
            recommends: relations("recommends", RelationField::Recommends),
            conflicts: relations("conflicts", RelationField::Conflicts),
            provides: relations("provides", RelationField::Provides),
            replaces: relations("replaces", RelationField::Replaces),
            description: fields.get("description").and_then(|node| values::lines(node, problems)),
        }
    }
}

/// Debian Policy 2.5; `extra` is what old packages had.
const PRIORITIES: [&str; 5] = ["required", "important", "standard", "optional", "extra"];

fn is_section(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'/'))
}

/// One text of relations or a list of them, as dpkg reads them in `field`.
fn relations(node: &Node, field: RelationField, problems: &mut Problems) -> Option<String> {
    let items = match &node.content {
        Content::List(items) => items.as_slice(),
        _ => std::slice::from_ref(node),
    };
    let mut parts = Vec::new();
    for item in items {
        let text = values::line_or_lines(item, problems)?;
        let text = text.trim().trim_end_matches(',');
        match field.parse(text) {
            Ok(_) if text.is_empty() => {}
            Ok(relations) => parts.push(relations.to_string()),
            Err(error) => {
                let hint = "write relations as dpkg does: `nginx (>= 1.18) | apache2, curl`";
                problems.push(Problem::error(item.place, error.to_string()).with_hint(hint));
            }
        }
    }
    (!parts.is_empty()).then(|| parts.join(", "))
}

#[cfg(test)]
mod tests {
    use crate::missile::Missile;

    const HEAD: &str = "name: x\ntype: application\n";

    #[test]
    fn relations_are_written_as_text_or_as_a_list() {
        for text in
            ["depends: 'nginx (>= 1.18) | apache2, curl'", "depends: [nginx (>= 1.18) | apache2, curl]"]
        {
            let (missile, warnings) = Missile::parse(&format!("{HEAD}{text}\n")).unwrap();
            let depends = missile.variants[0].metadata.depends.as_deref();
            assert_eq!(depends, Some("nginx (>= 1.18) | apache2, curl"));
            assert!(warnings.is_empty());
        }
    }

    #[test]
    fn wrong_relations_and_injected_lines_are_refused() {
        for (text, column) in [
            ("depends: 'nginx >= 1'", 10),
            ("depends: [curl, 'Nginx']", 17),
            ("provides: 'a | b'", 11),
            ("homepage: \"x\\nEssential: yes\"", 11),
            ("maintainer: \"a\\nb\"", 13),
        ] {
            let problems = Missile::parse(&format!("{HEAD}{text}\n")).expect_err(text);
            assert_eq!(
                (problems[0].place.line, problems[0].place.column),
                (3, column),
                "{text}: {problems:?}"
            );
        }
    }
}
