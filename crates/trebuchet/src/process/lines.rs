//! Cuts a stream of bytes into lines of bounded length, and keeps the last ones.

use std::collections::VecDeque;

/// The most bytes of one line; the rest of it is dropped.
const LONGEST_LINE: usize = 8 << 10;

/// What a stream of bytes says, line by line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Cut<'a> {
    /// A line that stays.
    Line(&'a str),
    /// A line that ended with a lone `\r`: its program means to overwrite it. Told at once.
    Progress(&'a str),
    /// After the `\r` came an `\n`: the line told last stays after all.
    Settled,
}

/// A stream cut into lines.
#[derive(Debug, Default)]
pub(super) struct Lines {
    line: Vec<u8>,
    cut: bool,
    after_return: bool,
}

impl Lines {
    /// Takes the next bytes, or the end of the stream.
    pub(super) fn read(&mut self, chunk: Option<&[u8]>, on_cut: &mut dyn FnMut(Cut<'_>)) {
        for &byte in chunk.unwrap_or_default() {
            match byte {
                b'\n' if self.after_return => {
                    self.after_return = false;
                    on_cut(Cut::Settled);
                }
                b'\n' => self.emit(on_cut),
                b'\r' if self.line.is_empty() => {}
                b'\r' => {
                    self.after_return = true;
                    self.emit(on_cut);
                }
                _ => {
                    self.after_return = false;
                    self.push(byte);
                }
            }
        }
        if chunk.is_none() && !self.line.is_empty() {
            self.emit(on_cut);
        }
    }

    fn push(&mut self, byte: u8) {
        if self.line.len() < LONGEST_LINE {
            self.line.push(byte);
        } else {
            self.cut = true;
        }
    }

    fn emit(&mut self, on_cut: &mut dyn FnMut(Cut<'_>)) {
        let mut text = String::from_utf8_lossy(&self.line).into_owned();
        if std::mem::take(&mut self.cut) {
            text.push('…');
        }
        self.line.clear();
        on_cut(if self.after_return { Cut::Progress(&text) } else { Cut::Line(&text) });
    }
}

/// The last lines of a program, where progress is overwritten as it would be on a terminal.
#[derive(Debug)]
pub(super) struct Tail {
    lines: VecDeque<String>,
    count: usize,
    overwrite: bool,
}

impl Tail {
    pub(super) fn new(count: usize) -> Self {
        Self { lines: VecDeque::new(), count, overwrite: false }
    }

    pub(super) fn push(&mut self, cut: &Cut<'_>) {
        let (line, progress) = match cut {
            Cut::Line(line) => (line, false),
            Cut::Progress(line) => (line, true),
            Cut::Settled => return self.overwrite = false,
        };
        if std::mem::replace(&mut self.overwrite, progress) {
            self.lines.pop_back();
        }
        self.lines.push_back((*line).to_owned());
        if self.lines.len() > self.count {
            self.lines.pop_front();
        }
    }

    pub(super) fn into_lines(self) -> Vec<String> {
        self.lines.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(chunks: &[&[u8]]) -> Vec<String> {
        let (mut lines, mut seen) = (Lines::default(), Vec::new());
        for chunk in chunks.iter().copied().map(Some).chain([None]) {
            lines.read(chunk, &mut |cut| {
                if let Cut::Line(line) | Cut::Progress(line) = cut {
                    seen.push(line.to_owned());
                }
            });
        }
        seen
    }

    #[test]
    fn lines_are_the_same_however_the_bytes_arrive() {
        let text: &[u8] = b"one\ntwo\r\n\nthree 1%\rthree 2%\rthree, done.\nfour \xff\nrest";
        let expected = ["one", "two", "", "three 1%", "three 2%", "three, done.", "four \u{fffd}", "rest"];
        for size in 1..text.len() {
            let chunks: Vec<_> = text.chunks(size).collect();
            assert_eq!(cut(&chunks), expected, "in chunks of {size}");
        }
    }

    #[test]
    fn a_line_without_end_is_cut_and_costs_no_memory() {
        let megabyte = vec![b'x'; 1 << 20];
        let lines = cut(&[&megabyte, &megabyte, b"\nnext\n"]);
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0].len(), LONGEST_LINE + "…".len());
        assert_eq!(lines[1], "next");
    }

    #[test]
    fn progress_is_overwritten_in_what_is_kept() {
        let (mut tail, mut lines) = (Tail::new(3), Lines::default());
        let text = "start\n1%\r2%\rdone\nby a\rby a teletype\r\r\nend\r\n";
        lines.read(Some(text.as_bytes()), &mut |cut| tail.push(&cut));
        assert_eq!(tail.into_lines(), ["done", "by a teletype", "end"]);
    }
}
