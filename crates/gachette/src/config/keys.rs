//! Takes the keys of one map one by one, as the types that they have, and says which keys are not known.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use gachette_core::nearest;
use gachette_core::yaml::{Content, Entry, Node, Place, Problem, Problems, values};

/// The keys of one map.
pub(super) struct Keys<'a> {
    entries: &'a [Entry],
    /// What stands before its keys: `projects.web.`, or nothing.
    prefix: String,
    /// The folder at which relative paths start.
    base: Option<&'a Path>,
    pub(super) problems: &'a mut Problems,
}

impl<'a> Keys<'a> {
    /// The keys of this map, which should be among `known`.
    pub(super) fn of(
        entries: &'a [Entry],
        prefix: String,
        known: &[&str],
        base: Option<&'a Path>,
        problems: &'a mut Problems,
    ) -> Self {
        for entry in entries.iter().filter(|entry| !known.contains(&entry.key.as_str())) {
            let message = format!("unknown key `{prefix}{}`", values::shown(&entry.key));
            let mut problem = Problem::warning(entry.key_place, message);
            problem.hint = nearest(&entry.key, known).map(|known| format!("did you mean `{known}`?"));
            problems.push(problem);
        }
        Self { entries, prefix, base, problems }
    }

    /// The keys of a map below one of these, with what stands before them.
    pub(super) fn below<'b>(&'b mut self, entries: &'b [Entry], prefix: String, known: &[&str]) -> Keys<'b> {
        Keys::of(entries, prefix, known, self.base, self.problems)
    }

    /// The keys of the map that one of these holds.
    pub(super) fn inside<'b>(&'b mut self, key: &str, entries: &'b [Entry], known: &[&str]) -> Keys<'b> {
        let prefix = format!("{}{key}.", self.prefix);
        self.below(entries, prefix, known)
    }

    /// A key's entry; a key without a value counts as missing.
    pub(super) fn entry(&self, key: &str) -> Option<&'a Entry> {
        let found = self.entries.iter().find(|entry| entry.key == key)?;
        (!matches!(found.value.content, Content::Null)).then_some(found)
    }

    /// Says that the value of a key is not of the kind it takes.
    pub(super) fn wrong(&mut self, key: &str, node: &Node, expected: &str) {
        let message = format!("`{}{key}` takes {expected}, not {}", self.prefix, node.described());
        self.problems.push(Problem::error(node.place, message));
    }

    /// Says something of a key, at a place.
    pub(super) fn wrong_at(&mut self, place: Place, key: &str, said: &str) {
        self.problems.push(Problem::error(place, format!("`{}{key}` {said}", self.prefix)));
    }

    /// True or false.
    pub(super) fn flag(&mut self, key: &str) -> Option<bool> {
        let node = &self.entry(key)?.value;
        let flag = values::as_flag(node);
        if flag.is_none() {
            self.wrong(key, node, "true or false");
        }
        flag
    }

    /// A whole number in the range of `T`, which `expected` names.
    pub(super) fn number<T: FromStr>(&mut self, key: &str, expected: &str) -> Option<T> {
        let node = &self.entry(key)?.value;
        let number = match &node.content {
            Content::Number(_, text) | Content::Text(text) => text.parse().ok(),
            _ => None,
        };
        if number.is_none() {
            self.wrong(key, node, expected);
        }
        number
    }

    /// Text; a number or flag is taken as it is written (`domain: 2024`).
    pub(super) fn text(&mut self, key: &str) -> Option<String> {
        let node = &self.entry(key)?.value;
        self.line(key, node, "text").filter(|text| !text.is_empty())
    }

    /// A list of texts, or one.
    pub(super) fn texts(&mut self, key: &str) -> Vec<String> {
        const EXPECTED: &str = "text or a list of texts";
        let Some(entry) = self.entry(key) else { return Vec::new() };
        match &entry.value.content {
            Content::List(items) => items.iter().filter_map(|item| self.line(key, item, EXPECTED)).collect(),
            Content::Map(_) => {
                self.wrong(key, &entry.value, EXPECTED);
                Vec::new()
            }
            _ => self.text(key).into_iter().collect(),
        }
    }

    fn line(&mut self, key: &str, node: &Node, expected: &str) -> Option<String> {
        if matches!(node.content, Content::Null | Content::List(_) | Content::Map(_)) {
            self.wrong(key, node, expected);
            return None;
        }
        values::line(node, self.problems)
    }

    /// Text that parses as `T`.
    pub(super) fn parsed<T: FromStr<Err: std::fmt::Display>>(&mut self, key: &str) -> Option<T> {
        let text = self.text(key)?;
        self.parse(key, &text)
    }

    /// A list of texts, or one, that parse as `T`.
    pub(super) fn parsed_list<T: FromStr<Err: std::fmt::Display>>(&mut self, key: &str) -> Vec<T> {
        self.texts(key).iter().filter_map(|text| self.parse(key, text)).collect()
    }

    fn parse<T: FromStr<Err: std::fmt::Display>>(&mut self, key: &str, text: &str) -> Option<T> {
        self.parse_with(key, text, None)
    }

    /// The same, with what to do when it does not.
    fn parse_with<T: FromStr<Err: std::fmt::Display>>(
        &mut self,
        key: &str,
        text: &str,
        hint: Option<String>,
    ) -> Option<T> {
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.refuse_with(key, &error, hint);
                None
            }
        }
    }

    /// Says what is wrong with the value of a key.
    pub(super) fn refuse(&mut self, key: &str, reason: &str) {
        self.refuse_with(key, &reason, None);
    }

    fn refuse_with(&mut self, key: &str, reason: &dyn std::fmt::Display, hint: Option<String>) {
        let place = self.entry(key).map(|entry| entry.value.place).unwrap_or_default();
        let message = format!("`{}{key}`: {reason}", self.prefix);
        self.problems.push(Problem { hint, ..Problem::error(place, message) });
    }

    /// One of some words.
    pub(super) fn word<T: Copy>(&mut self, key: &str, words: &[(&'static str, T)]) -> Option<T> {
        values::one_of(&self.entry(key)?.value, words, self.problems)
    }

    /// An address of a repository; `./x`, `../x` and `~/x` are paths.
    pub(super) fn url<T: FromStr<Err: std::fmt::Display>>(&mut self, key: &str) -> Option<T> {
        let text = self.text(key)?;
        if !["./", "../", "~/"].iter().any(|start| text.starts_with(start)) {
            // To git a bare name is a path.
            let is_path = !text.contains([':', '~']) && !text.starts_with('-');
            let hint = is_path.then(|| {
                format!("write `./{}` for a path that starts at the configuration file", values::shown(&text))
            });
            return self.parse_with(key, &text, hint);
        }
        let path = self.rooted(&text).display().to_string();
        self.parse(key, &path)
    }

    /// A path. What is true or false is none, such as `--set KEY` without a value.
    pub(super) fn path(&mut self, key: &str) -> Option<PathBuf> {
        let node = &self.entry(key)?.value;
        if matches!(node.content, Content::Bool(..)) {
            self.wrong(key, node, "a path");
            return None;
        }
        self.text(key).map(|text| self.rooted(&text))
    }

    /// A program: a path when it holds a slash, else a name to be found in `PATH`.
    pub(super) fn program(&mut self, key: &str) -> Option<PathBuf> {
        let text = self.text(key)?;
        Some(if text.contains('/') { self.rooted(&text) } else { PathBuf::from(text) })
    }

    /// A path that starts at the configuration file; `~/` is the user's home.
    pub(super) fn rooted(&self, text: &str) -> PathBuf {
        let home = std::env::var_os("HOME").map(PathBuf::from);
        if let Some((home, rest)) = home.zip(text.strip_prefix("~/")) {
            return home.join(rest);
        }
        let text = text.strip_prefix("./").unwrap_or(text);
        self.base.map_or_else(|| super::read::absolute(Path::new(text)), |base| base.join(text))
    }
}
