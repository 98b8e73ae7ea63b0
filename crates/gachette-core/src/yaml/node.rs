//! YAML as a tree in which every value knows where it was written.

use std::collections::HashMap;

use serde_json::{Number, Value};

use super::{Place, values};

/// One value of the tree.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Where it was written.
    pub place: Place,
    /// What it holds.
    pub content: Content,
}

/// What a value holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Nothing, or `~`.
    Null,
    /// With its spelling, such as `True` or `no`.
    Bool(bool, String),
    /// With its spelling, such as `1.10`.
    Number(Number, String),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A map, in the file's order.
    Map(Vec<Entry>),
}

/// One key of a map with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key, as it was spelled.
    pub key: String,
    /// Where the key stands.
    pub key_place: Place,
    /// Its value.
    pub value: Node,
}

impl Node {
    /// The keys of a map.
    pub fn entries(&self) -> Option<&[Entry]> {
        match &self.content {
            Content::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// Whether it is text with this last character.
    pub fn is_text_ending_with(&self, last: char) -> bool {
        matches!(&self.content, Content::Text(text) if text.ends_with(last))
    }

    /// What it is, for messages.
    pub fn kind(&self) -> &'static str {
        match self.content {
            Content::Null => "nothing",
            Content::Bool(..) => "true or false",
            Content::Number(..) => "a number",
            Content::Text(_) => "text",
            Content::List(_) => "a list",
            Content::Map(_) => "a map",
        }
    }

    /// The value itself when it is a short one, else what it is, for messages.
    pub fn described(&self) -> String {
        match &self.content {
            Content::Bool(_, spelling) | Content::Number(_, spelling) | Content::Text(spelling) => {
                format!("`{}`", values::shown(spelling))
            }
            _ => self.kind().to_owned(),
        }
    }

    /// The same without places, since it stands in no file.
    #[must_use]
    pub fn placeless(self) -> Self {
        let place = Place::default();
        let content = match self.content {
            Content::List(items) => Content::List(items.into_iter().map(Self::placeless).collect()),
            Content::Map(entries) => {
                let placeless = |e: Entry| Entry { key_place: place, value: e.value.placeless(), ..e };
                Content::Map(entries.into_iter().map(placeless).collect())
            }
            other => other,
        };
        Self { place, content }
    }

    /// The value without places, for templates and exports.
    pub fn to_value(&self) -> Value {
        match &self.content {
            Content::Null => Value::Null,
            Content::Bool(flag, _) => Value::Bool(*flag),
            Content::Number(number, _) => Value::Number(number.clone()),
            Content::Text(text) => Value::String(text.clone()),
            Content::List(items) => Value::Array(items.iter().map(Self::to_value).collect()),
            Content::Map(entries) => Value::Object(
                entries.iter().map(|entry| (entry.key.clone(), entry.value.to_value())).collect(),
            ),
        }
    }

    /// How many values it holds, itself among them.
    pub fn size(&self) -> usize {
        match &self.content {
            Content::List(items) => 1 + items.iter().map(Self::size).sum::<usize>(),
            Content::Map(entries) => 1 + entries.iter().map(|entry| entry.value.size()).sum::<usize>(),
            _ => 1,
        }
    }

    /// Calls `visit` for this value and all below it with their paths, such as `services[0].name`. Items of lists that
    /// `counts` is false for are left out, and not counted either.
    pub fn walk(&self, path: &str, counts: &dyn Fn(&Self) -> bool, visit: &mut dyn FnMut(&str, Place)) {
        visit(path, self.place);
        match &self.content {
            Content::List(items) => {
                for (index, item) in items.iter().filter(|item| counts(item)).enumerate() {
                    item.walk(&format!("{path}[{index}]"), counts, visit);
                }
            }
            Content::Map(entries) => {
                let dot = if path.is_empty() { "" } else { "." };
                for entry in entries {
                    entry.value.walk(&format!("{path}{dot}{}", entry.key), counts, visit);
                }
            }
            _ => {}
        }
    }
}

/// `over` laid over `base`: maps merge key by key and keep the base's order, anything else in `over` wins.
///
/// A merged map is said to stand where `over` has it, so that what is missing in a variant points at the variant.
pub fn merge(base: &Node, over: &Node) -> Node {
    let (Content::Map(below), Content::Map(above)) = (&base.content, &over.content) else {
        return over.clone();
    };
    let mut entries: Vec<Entry> = below.clone();
    let known: HashMap<&str, usize> = below.iter().enumerate().map(|(at, e)| (e.key.as_str(), at)).collect();
    for entry in above {
        match known.get(entry.key.as_str()).and_then(|at| entries.get_mut(*at)) {
            Some(known) => {
                known.key_place = entry.key_place;
                known.value = merge(&known.value, &entry.value);
            }
            None => entries.push(entry.clone()),
        }
    }
    Node { place: over.place, content: Content::Map(entries) }
}
