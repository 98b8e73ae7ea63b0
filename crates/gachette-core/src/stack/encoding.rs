//! JSON as the repository writes it: what a person compares by line is on a line of its own.

use std::io;

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

/// How deep the values are broken into lines; what lies deeper stays on the line it began on.
const DEPTH: usize = 2;

/// The value as JSON with one line for each of its fields and for each element of a list in them, and a last newline.
/// The same value always gives the same bytes.
///
/// # Errors
/// What [`Serialize`] says; the formats of this crate never fail.
pub fn to_readable_json<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, serde_json::Error> {
    to_readable_json_of(1024, value)
}

/// The same for what has about so many bytes.
pub(super) fn to_readable_json_of<T: Serialize + ?Sized>(
    size: usize,
    value: &T,
) -> Result<Vec<u8>, serde_json::Error> {
    let mut bytes = Vec::with_capacity(size);
    value.serialize(&mut Serializer::with_formatter(&mut bytes, Lines::default()))?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Breaks lines down to [`DEPTH`], and nowhere below it.
#[derive(Default)]
struct Lines {
    depth: usize,
    empty: bool,
}

impl Lines {
    fn open<W: io::Write + ?Sized>(&mut self, writer: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.depth += 1;
        self.empty = true;
        writer.write_all(bracket)
    }

    fn close<W: io::Write + ?Sized>(&mut self, writer: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.depth -= 1;
        if !self.empty && self.depth < DEPTH {
            self.new_line(writer)?;
        }
        self.empty = false;
        writer.write_all(bracket)
    }

    fn next<W: io::Write + ?Sized>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.empty = false;
        if !first {
            writer.write_all(b",")?;
        }
        if self.depth <= DEPTH { self.new_line(writer) } else { Ok(()) }
    }

    fn new_line<W: io::Write + ?Sized>(&self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b"\n")?;
        (0..self.depth).try_for_each(|_| writer.write_all(b"  "))
    }
}

impl Formatter for Lines {
    fn begin_array<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.open(writer, b"[")
    }

    fn end_array<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.close(writer, b"]")
    }

    fn begin_array_value<W: io::Write + ?Sized>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.next(writer, first)
    }

    fn begin_object<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.open(writer, b"{")
    }

    fn end_object<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.close(writer, b"}")
    }

    fn begin_object_key<W: io::Write + ?Sized>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.next(writer, first)
    }

    fn begin_object_value<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(if self.depth <= DEPTH { b": " } else { b":" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_one_line_for_each_element() {
        let value = serde_json::json!({"n": 1, "none": [], "list": [{"a": [1, 2]}, {"b": {}}], "map": {"k": {"x": 1}}});
        let text = String::from_utf8(to_readable_json(&value).unwrap()).unwrap();
        let expected = "{\n  \"n\": 1,\n  \"none\": [],\n  \"list\": [\n    {\"a\":[1,2]},\n    {\"b\":{}}\n  ],\n  \"map\": {\n    \"k\": {\"x\":1}\n  }\n}\n";
        assert_eq!(text, expected);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }
}
