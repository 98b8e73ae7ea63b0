//! Reads YAML text into a [`Node`] tree, strictly and within limits.
//!
//! Nothing executable exists here: unknown tags are refused, anchors and nesting are bounded. Of what YAML 1.1 and 1.2 read
//! differently, `yes`, `no`, `on` and `off` are flags that keep their spelling, for keys that want text; `0755`, `1_000` and
//! the like stay text, which keys that mean a mode read.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::Number;
use serde_saphyr::options::DuplicateKeyPolicy;
use serde_saphyr::{Location, NonFiniteFloatPolicy, Options, Spanned};

use super::{Content, Entry, Node, Place, Problem, Subject, unreadable};

/// The largest file, in bytes; the largest in use are some 20 KiB.
const LARGEST: usize = 1024 * 1024;

/// Reads one YAML document.
///
/// # Errors
/// What is wrong, and where, when it is no YAML, too large, or holds a key twice.
pub fn read(text: &str, subject: Subject) -> Result<Node, Box<Problem>> {
    if text.len() > LARGEST {
        let message = format!("the {} has {} bytes; at most {LARGEST} are read", subject.name, text.len());
        return Err(Box::new(Problem::error(Place::start(), message)));
    }
    match serde_saphyr::from_str_with_options::<Spanned<Raw>>(text, options()) {
        Ok(raw) => node(raw, text).map_err(Box::new),
        Err(error) => Err(Box::new(unreadable::translate(&error, text, subject))),
    }
}

/// A file's bytes as text, which must be UTF-8.
///
/// # Errors
/// Where they are not.
pub fn utf8(bytes: &[u8], subject: Subject) -> Result<&str, Box<Problem>> {
    std::str::from_utf8(bytes).map_err(|error| {
        let readable = String::from_utf8_lossy(bytes.get(..error.valid_up_to()).unwrap_or_default());
        let line = readable.matches('\n').count() + 1;
        let column = readable.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        let number = |value| u32::try_from(value).unwrap_or(u32::MAX);
        let place = Place::at(number(line), number(column), &readable);
        let message = format!("the {} is not UTF-8 here", subject.name);
        Box::new(Problem::error(place, message).with_hint("save it as UTF-8, the encoding of YAML"))
    })
}

/// What YAML 1.1 read a word as that YAML 1.2 reads as text (<https://yaml.org/type/bool.html>, less `y` and `n`, which
/// PyYAML never took).
pub fn older_boolean(word: &str) -> Option<bool> {
    match word {
        "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(true),
        "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_documents: 1,
            max_depth: 48,
            flow_nesting_limit: 48,
            max_nodes: 20_000,
            max_events: 60_000,
            max_aliases: 2_000,
            max_anchors: 2_000,
            max_recorded_anchor_events: 200_000,
            max_recorded_anchor_bytes: 8 * LARGEST,
            max_total_scalar_bytes: 8 * LARGEST,
            max_merge_keys: 1_000,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 100_000,
        },
        duplicate_keys: DuplicateKeyPolicy::Error,
        emit_comments: false,
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        non_finite_float_policy: NonFiniteFloatPolicy::AsString,
        reject_unsupported_tags: true,
        with_snippet: false,
    }
}

/// A value as serde hands it over.
enum Raw {
    Null,
    Bool(bool),
    Number(Number),
    /// Text, or a number that only its spelling can hold.
    Text(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<Raw>, Spanned<Raw>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("text, a number, true or false, a list or a map")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Number(value.into()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Raw, E> {
        Ok(Raw::Text(value.to_string()))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Raw, E> {
        Ok(Raw::Text(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
        Ok(Number::from_f64(value).map_or_else(|| Raw::Text(value.to_string()), Raw::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Text(value.to_owned()))
    }

    fn visit_bytes<E: serde::de::Error>(self, _: &[u8]) -> Result<Raw, E> {
        Err(E::custom("binary values are not supported"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Raw::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Raw, A::Error> {
        let mut map = Vec::new();
        while let Some(key) = entries.next_key::<Spanned<Raw>>()? {
            if matches!(key.value, Raw::List(_) | Raw::Map(_)) {
                return Err(A::Error::custom("a key must be text, not a list or a map"));
            }
            map.push((key, entries.next_value()?));
        }
        Ok(Raw::Map(map))
    }
}

fn node(raw: Spanned<Raw>, text: &str) -> Result<Node, Problem> {
    let mut place = place(&raw.defined, text);
    let content = match raw.value {
        Raw::Null => Content::Null,
        Raw::Bool(flag) => Content::Bool(flag, spelling(&place, text)),
        Raw::Number(number) => number_content(number, spelling(&place, text)),
        Raw::Text(word) => match older_boolean(&word) {
            Some(flag) if is_plain(&word, &place, text) => Content::Bool(flag, word),
            _ => Content::Text(word),
        },
        Raw::List(items) => {
            Content::List(items.into_iter().map(|item| node(item, text)).collect::<Result<_, _>>()?)
        }
        Raw::Map(entries) => {
            Content::Map(entries.into_iter().map(|(k, v)| entry(k, v, text)).collect::<Result<_, _>>()?)
        }
    };
    if let (0, Content::Map(entries)) = (place.length, &content) {
        // A block map has no sign of its own: its first key stands for it.
        place = entries.first().map_or(place, |first| first.key_place);
    }
    Ok(Node { place, content })
}

/// Whether a word stands in the text neither quoted nor tagged as text.
fn is_plain(word: &str, place: &Place, text: &str) -> bool {
    let before = text.get(..place.offset).unwrap_or_default();
    spelling(place, text) == word && !before.trim_end_matches([' ', '\t']).ends_with("!!str")
}

/// A whole number too large for 64 bits would lose digits: it stays text.
fn number_content(number: Number, spelling: String) -> Content {
    let digits = spelling.strip_prefix(['-', '+']).unwrap_or(&spelling);
    if number.is_f64() && !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
        return Content::Text(spelling);
    }
    Content::Number(number, spelling)
}

fn spelling(place: &Place, text: &str) -> String {
    text.get(place.offset..place.offset + place.length).unwrap_or_default().to_owned()
}

fn entry(key: Spanned<Raw>, value: Spanned<Raw>, text: &str) -> Result<Entry, Problem> {
    let key_place = place(&key.defined, text);
    let key = match key.value {
        Raw::Text(text) => text,
        // `8080: x` and `true: x` are keys with these names.
        Raw::Bool(_) | Raw::Number(_) => spelling(&key_place, text),
        Raw::Null | Raw::List(_) | Raw::Map(_) => {
            return Err(Problem::error(key_place, "a key is missing before the `:`"));
        }
    };
    Ok(Entry { key, key_place, value: node(value, text)? })
}

pub(super) fn place(location: &Location, text: &str) -> Place {
    let number = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
    let (line, column) = (number(location.line()), number(location.column()));
    let number = |value: Option<u64>| value.and_then(|value| usize::try_from(value).ok());
    let span = location.span();
    let (offset, length) = match (number(span.byte_offset()), number(span.byte_len())) {
        (Some(offset), Some(length)) if offset + length > 0 => (offset.min(text.len()), length),
        // Errors of the scanner carry no byte positions.
        _ => return Place::at(line, column, text),
    };
    // A block is pointed at by its first line alone, without the blanks after it.
    let rest = text.get(offset..).unwrap_or("");
    let rest = rest.get(..length).unwrap_or(rest);
    let length = rest.split('\n').next().unwrap_or("").trim_end().len();
    Place { line, column, offset, length }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        let describe = |path: &str, at: Place| {
            found.push(format!(
                "{path} {}:{} {}",
                at.line,
                at.column,
                &text[at.offset..at.offset + at.length]
            ));
        };
        read(text, Subject::RECIPE).unwrap().walk("", &|_| true, &mut { describe });
        found
    }

    #[test]
    fn every_value_knows_where_it_was_written() {
        let text = "a: 1\nb:\n  - x: 'y z' # c\n    é: 0755\n  - yes\nc: {d: 1.50, e: ~}\n";
        let expected = [
            " 1:1 a",
            "a 1:4 1",
            "b 3:3 ",
            "b[0] 3:5 x",
            "b[0].x 3:8 'y z'",
            "b[0].é 4:8 0755",
            "b[1] 5:5 yes",
            "c 6:4 {",
            "c.d 6:8 1.50",
            "c.e 6:17 ~",
        ];
        assert_eq!(paths(text), expected);
    }

    #[test]
    fn a_merged_or_aliased_value_stands_where_it_was_written() {
        let text = "base: &b\n  k: 1\nl:\n  <<: *b\n  m: &m 2\nn: *m\n";
        let found = paths(text);
        assert!(
            found.contains(&"l.k 2:6 1".to_owned()) && found.contains(&"n 5:9 2".to_owned()),
            "{found:?}"
        );
    }

    #[test]
    fn numbers_that_yaml_1_1_reads_otherwise_stay_text() {
        let node =
            read("[0755, 1_000, 2020-01-01, .inf, 12345678901234567890123, 12:30:00]", Subject::RECIPE)
                .unwrap();
        let expected = ["0755", "1_000", "2020-01-01", ".inf", "12345678901234567890123", "12:30:00"];
        assert_eq!(node.to_value(), serde_json::json!(expected));
    }
    #[test]
    fn flags_of_yaml_1_1_are_flags_unless_they_are_quoted_or_keys() {
        // What Python's yaml.safe_load (PyYAML 6) makes of each; `true` and `false` keep YAML 1.2's meaning, the same.
        for (written, flag) in [
            ("yes", Some(true)),
            ("Yes", Some(true)),
            ("YES", Some(true)),
            ("on", Some(true)),
            ("OFF", Some(false)),
            ("no", Some(false)),
            ("True", Some(true)),
            ("FALSE", Some(false)),
            ("yEs", None),
            ("y", None),
            ("N", None),
            ("'no'", None),
            ("\"on\"", None),
            ("!!str no", None),
            ("|\n  no", None),
        ] {
            let node = read(&format!("on: {written}\n"), Subject::RECIPE).unwrap();
            let entry = &node.entries().unwrap()[0];
            let found = match &entry.value.content {
                Content::Bool(flag, spelling) => Some(*flag).filter(|_| spelling == written),
                _ => None,
            };
            assert_eq!((entry.key.as_str(), found), ("on", flag), "{written}");
        }
        let aliased = read("a: &a no\nb: *a\n", Subject::RECIPE).unwrap();
        assert_eq!(aliased.to_value(), serde_json::json!({"a": false, "b": false}));
    }
}
