//! The lines in which a host says how far the arrival is, before HTTP begins. A hostile host may send anything here.

use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt};

/// The longest line that is read, in bytes.
const LONGEST_LINE: u64 = 4096;
/// How many bytes of other text are passed over: what a login shell's start files print.
const MOST_NOISE: usize = 64 << 10;

/// What the far side says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ArrivalLine {
    /// It has not got this version; this is its kernel and processor, as uname(1) names them.
    Needs {
        /// Such as `Linux`.
        system: String,
        /// Such as `x86_64`.
        machine: String,
    },
    /// It waits for the program, in this form.
    Ready(Packing),
    /// It could not take the program.
    Failed(String),
    /// The program runs there, and says which it is.
    Hello(String),
    /// Nothing more comes.
    End,
    /// More than a login shell would say.
    Noise,
}

/// How the program crosses the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    /// Compressed by gzip (RFC 1952).
    Gzip,
    /// As it is, to a host without a gzip that works.
    Plain,
}

/// The next line of ours; `noise` counts what was passed over so far.
pub(super) async fn next(
    input: &mut (impl AsyncBufRead + Unpin),
    noise: &mut usize,
) -> std::io::Result<ArrivalLine> {
    loop {
        let mut line = Vec::new();
        let count = input.take(LONGEST_LINE).read_until(b'\n', &mut line).await?;
        if count == 0 {
            return Ok(ArrivalLine::End);
        }
        if let Some(line) = parse(&line) {
            return Ok(line);
        }
        *noise += count;
        if *noise > MOST_NOISE {
            return Ok(ArrivalLine::Noise);
        }
    }
}

fn parse(line: &[u8]) -> Option<ArrivalLine> {
    let line = std::str::from_utf8(line.strip_suffix(b"\n")?).ok()?.trim_end_matches('\r');
    let (word, rest) = line.split_once(' ')?;
    match (word, rest.split_once(' ').unwrap_or((rest, ""))) {
        ("gachette-arrival", ("needs", rest)) => {
            let (system, machine) = rest.split_once(' ')?;
            Some(ArrivalLine::Needs { system: system.to_owned(), machine: machine.to_owned() })
        }
        ("gachette-arrival", ("ready", "gzip")) => Some(ArrivalLine::Ready(Packing::Gzip)),
        ("gachette-arrival", ("ready", "cat")) => Some(ArrivalLine::Ready(Packing::Plain)),
        ("gachette-arrival", ("failed", why)) => Some(ArrivalLine::Failed(why.to_owned())),
        ("gachette-hello", _) => Some(ArrivalLine::Hello(rest.to_owned())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn lines(mut input: &[u8]) -> Vec<ArrivalLine> {
        let (mut found, mut noise) = (Vec::new(), 0);
        loop {
            found.push(next(&mut input, &mut noise).await.unwrap());
            if matches!(found.last(), Some(ArrivalLine::End | ArrivalLine::Noise)) {
                return found;
            }
        }
    }

    #[tokio::test]
    async fn what_start_files_print_is_passed_over() {
        let text =
            b"Welcome!\n\xff\xfe\ngachette-arrival needs Linux x86_64\r\ngachette-arrival ready gzip\nmail\n\
                     gachette-arrival failed no room\ngachette-hello {}\nrest";
        let needs = ArrivalLine::Needs { system: "Linux".to_owned(), machine: "x86_64".to_owned() };
        let failed = ArrivalLine::Failed("no room".to_owned());
        let hello = ArrivalLine::Hello("{}".to_owned());
        assert_eq!(
            lines(text).await,
            [needs, ArrivalLine::Ready(Packing::Gzip), failed, hello, ArrivalLine::End]
        );
    }

    #[tokio::test]
    async fn endless_talk_comes_to_an_end() {
        for text in ["x".repeat(1 << 20), "gachette\n".repeat(1 << 17), "gachette-hello ".repeat(1 << 17)] {
            assert_eq!(lines(text.as_bytes()).await, [ArrivalLine::Noise]);
        }
    }
}
