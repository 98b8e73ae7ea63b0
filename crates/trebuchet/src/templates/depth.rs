//! Refuses templates whose expressions or branches go deeper than the engine's stack: it reads them by recursion.
//!
//! The engine bounds brackets and blocks itself, but neither operators, of which each may nest its neighbour, nor `elif`,
//! which it takes as an `else` with an `if` in it. So the tags' tokens are counted before it sees them.

/// Tokens in one tag: a list of two thousand names has as many, and no real expression.
const MOST_TOKENS: usize = 4_000;

/// `elif` tags in one template.
const MOST_BRANCHES: usize = 500;

/// The line where a template goes too deep, and how.
pub(super) fn fault(source: &str) -> Option<(usize, String)> {
    let mut scan = Scan { bytes: source.as_bytes(), at: 0, branches: 0 };
    let reason = scan.run().err()?;
    let before = scan.bytes.get(..scan.at).unwrap_or_default();
    Some((before.iter().filter(|byte| **byte == b'\n').count() + 1, reason))
}

/// Finds tags just as the engine's own lexer does.
struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
    branches: usize,
}

impl<'a> Scan<'a> {
    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn run(&mut self) -> Result<(), String> {
        while let Some(begin) = self.rest().iter().position(|byte| *byte == b'{') {
            self.at += begin;
            let Some(kind @ (b'{' | b'%' | b'#')) = self.bytes.get(self.at + 1) else {
                self.at += 1;
                continue;
            };
            let start = self.at;
            self.at += 2 + usize::from(matches!(self.bytes.get(self.at + 2), Some(b'-' | b'+')));
            match kind {
                b'#' => self.skip_behind(b"#}"),
                b'{' => self.tag(start, b"}}")?,
                _ => match basic_tag(self.rest(), b"raw") {
                    Some(length) => self.raw(length),
                    None => self.tag(start, b"%}")?,
                },
            }
        }
        Ok(())
    }

    /// Goes to behind the next `end`, or to the end of the text.
    fn skip_behind(&mut self, end: &[u8]) {
        let found = self.rest().windows(end.len()).position(|window| window == end);
        self.at = found.map_or(self.bytes.len(), |at| self.at + at + end.len());
    }

    /// Goes to behind `endraw`.
    fn raw(&mut self, length: usize) {
        self.at += length;
        while self.at < self.bytes.len() {
            self.skip_behind(b"{%");
            let rest = self.rest();
            let rest = rest.strip_prefix(b"-").or_else(|| rest.strip_prefix(b"+")).unwrap_or(rest);
            if let Some(length) = basic_tag(rest, b"endraw") {
                self.at = self.bytes.len() - rest.len() + length;
                return;
            }
        }
    }

    /// Goes to behind the tag's end; when it goes too deep, back to its start.
    fn tag(&mut self, start: usize, end: &[u8]) -> Result<(), String> {
        let (mut tokens, mut open) = (0_usize, 0_i32);
        loop {
            self.at += self.rest().iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            let rest = self.rest();
            let Some(&first) = rest.first() else { return Ok(()) };
            let marked = usize::from(matches!(first, b'-' | b'+'));
            if open == 0 && rest[marked..].starts_with(end) {
                self.at += marked + end.len();
                return Ok(());
            }
            self.branches += usize::from(tokens == 0 && end == b"%}" && rest.starts_with(b"elif"));
            tokens += 1;
            if tokens > MOST_TOKENS || self.branches > MOST_BRANCHES {
                self.at = start;
                return Err(match tokens > MOST_TOKENS {
                    true => format!("this tag has more than {MOST_TOKENS} words and signs in it"),
                    false => {
                        format!("this is one `elif` more than the {MOST_BRANCHES} that a template may have")
                    }
                });
            }
            open += i32::from(matches!(first, b'(' | b'[' | b'{'))
                - i32::from(matches!(first, b')' | b']' | b'}'));
            self.at += token_length(rest);
        }
    }
}

/// How many bytes the token at the start has: a string, a word or number, or a sign.
fn token_length(rest: &[u8]) -> usize {
    let in_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || !byte.is_ascii();
    match rest.first() {
        Some(quote @ (b'\'' | b'"')) => {
            let mut escaped = false;
            let ends = |byte: &u8| {
                let ends = !escaped && byte == quote;
                escaped = !escaped && *byte == b'\\';
                ends
            };
            rest.iter().skip(1).position(ends).map_or(rest.len(), |at| at + 2)
        }
        _ => rest.iter().take_while(|byte| in_word(byte)).count().max(1),
    }
}

/// The length of what is left of a tag with nothing but `name` in it.
fn basic_tag(rest: &[u8], name: &[u8]) -> Option<usize> {
    let left = rest.trim_ascii_start().strip_prefix(name)?.trim_ascii_start();
    let left = left.strip_prefix(b"-").or_else(|| left.strip_prefix(b"+")).unwrap_or(left);
    left.strip_prefix(b"%}").map(|behind| rest.len() - behind.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_tag_is_not_counted() {
        let signs = "+".repeat(MOST_TOKENS + 1);
        for text in [
            signs.clone(),
            format!("{{# {signs} #}}"),
            format!("{{% raw -%}} {{{{ ' {signs} {{%- endraw %}}"),
            format!("{{{{ '}}}} \\' {signs}' }}}}"),
            format!("{{{{ {{'a': {{}}}} }}}}{signs}"),
            format!("{{% x -%}}{signs}"),
        ] {
            assert_eq!(fault(&text), None, "{}", &text[..20]);
        }
    }

    #[test]
    fn nothing_hides_the_tokens_of_a_tag() {
        let signs = "+".repeat(MOST_TOKENS + 1);
        for text in [
            format!("{{{{ {signs}"),
            format!("{{{{ '{{{{ }}}}' {signs} }}}}"),
            format!("{{% raw %}}{{{{ ' {{% endraw %}}{{{{ {signs} }}}}"),
            format!("{{# {{{{ ' #}}{{% if {signs} %}}"),
            format!("{{% if {{'a': {{}}}} {signs} %}}"),
            format!("{{{{ a }}}}{{{{- [ }}}} ' {{{{ ' {signs}"),
            format!("{{ {{% raw{signs} %}}"),
        ] {
            let (line, _) = fault(&format!("a\n{text}")).expect(&text[..20]);
            assert_eq!(line, 2);
        }
        assert_eq!(fault(&format!("{{{{ {} }}}}", "+".repeat(MOST_TOKENS))), None);
    }

    #[test]
    fn branches_are_counted_in_the_whole_template() {
        let branches = |count| format!("{{% if a %}}\n{}{{% endif %}}", "{%- elif b %}".repeat(count));
        assert_eq!(fault(&branches(MOST_BRANCHES)), None);
        assert!(
            fault(&branches(MOST_BRANCHES + 1)).is_some_and(|(line, why)| line == 2 && why.contains("elif"))
        );
    }
}
