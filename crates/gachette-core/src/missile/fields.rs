//! Reads a map of known keys: what is missing, what is unknown, and which known key was probably meant.

use super::slip::slip_of;
use super::{Place, Problem, values};
use crate::yaml::{Content, Entry, Node, Problems};

/// The most entries that lists of files, services and the like may have.
const MOST_ENTRIES: usize = 500;

/// One map of the recipe, such as an entry of `services`.
pub(super) struct Fields<'a> {
    entries: &'a [Entry],
    place: Place,
    /// Its name in messages, such as `services entry`.
    what: &'static str,
}

impl<'a> Fields<'a> {
    /// The map `node`, whose keys should be among `known`.
    ///
    /// A key that is nearly a known one is an error, since it would be lost; any other unknown key is a warning, since
    /// the original ignored it and recipes that have it must keep building.
    pub(super) fn of(
        node: &'a Node,
        what: &'static str,
        known: &[&'static str],
        problems: &mut Problems,
    ) -> Option<Self> {
        let Some(entries) = node.entries() else {
            let message = format!("{what} must be a map, not {}", node.kind());
            let first = known.first().copied().unwrap_or("name");
            problems
                .push(Problem::error(node.place, message).with_hint(format!("write `{first}: …` below it")));
            return None;
        };
        for entry in entries.iter().filter(|entry| !known.contains(&entry.key.as_str())) {
            problems.push(unknown_key(entry, what, known, entries));
        }
        Some(Self { entries, place: node.place, what })
    }

    /// The value of a key; a key without a value counts as missing.
    pub(super) fn get(&self, key: &str) -> Option<&'a Node> {
        let entry = self.entries.iter().find(|entry| entry.key == key)?;
        (!matches!(entry.value.content, Content::Null)).then_some(&entry.value)
    }

    /// The value of a key that must be there.
    pub(super) fn required(&self, key: &'static str, problems: &mut Problems) -> Option<&'a Node> {
        let found = self.get(key);
        if found.is_none() {
            let empty = self.entries.iter().find(|entry| entry.key == key);
            let place = empty.map_or(self.place, |entry| entry.key_place);
            let mut problem = Problem::error(place, format!("{} has no `{key}`", self.what));
            // A slip of the key says itself what was meant.
            if self.entries.iter().all(|entry| slip_of(&entry.key, [key]).is_none()) {
                problem = problem.with_hint(format!("add a line `{key}: …` to it"));
            }
            problems.push(problem);
        }
        found
    }

    /// The text of a key, when it is there.
    pub(super) fn text(&self, key: &str, problems: &mut Problems) -> Option<String> {
        values::text(self.get(key)?, problems)
    }

    /// One text or a list of texts; nothing when the key is missing.
    pub(super) fn texts(&self, key: &str, problems: &mut Problems) -> Vec<String> {
        self.get(key).map(|node| values::texts(node, problems)).unwrap_or_default()
    }

    /// The items of a list; nothing when the key is missing.
    pub(super) fn list(&self, key: &str, problems: &mut Problems) -> &'a [Node] {
        match self.get(key).map(|node| (&node.content, node)) {
            None => &[],
            Some((Content::List(items), node)) => {
                if items.len() > MOST_ENTRIES {
                    let message =
                        format!("`{key}` has {} entries; at most {MOST_ENTRIES} are read", items.len());
                    problems.push(Problem::error(node.place, message));
                }
                items.get(..MOST_ENTRIES).unwrap_or(items)
            }
            // The original's defaults mixed `{}` and `[]`.
            Some((Content::Map(entries), _)) if entries.is_empty() => &[],
            Some((_, node)) => {
                let message = format!("`{key}` must be a list, not {}", node.kind());
                problems.push(Problem::error(node.place, message).with_hint("begin each entry with `- `"));
                &[]
            }
        }
    }
}

fn unknown_key(entry: &Entry, what: &str, known: &[&'static str], entries: &[Entry]) -> Problem {
    let free = known.iter().copied().filter(|key| !entries.iter().any(|entry| entry.key == *key));
    let message = format!("{what} knows no key `{}`", values::shown(&entry.key));
    match slip_of(&entry.key, free) {
        Some(meant) => Problem::error(entry.key_place, message).with_hint(format!("did you mean `{meant}`?")),
        None => Problem::warning(entry.key_place, format!("{message}, and ignores it"))
            .with_hint(format!("its keys are {}", values::listed(known))),
    }
}
