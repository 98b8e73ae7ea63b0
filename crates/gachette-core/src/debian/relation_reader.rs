//! The syntax of relation fields: text in, [`Relations`] out.

use super::relation_ref::RelationRef;
use super::relations::{Alternatives, Operator, Relation, Relations, RelationsError};
use super::{PackageName, Version};

/// Whose rules decide about what is obsolete but still read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Debian Policy 7.1: nothing ambiguous.
    Strict,
    /// What dpkg still takes, with a warning.
    Dpkg,
}

/// A place in the text of a relation field.
pub(super) struct Reader<'a> {
    whole: &'a str,
    rest: &'a str,
    /// Where the relation that is being read begins.
    start: &'a str,
    dialect: Dialect,
}

/// One relation as it stands in the text: no name and no version has been looked at yet.
pub(super) struct Spelled<'a> {
    pub(super) name: &'a str,
    pub(super) qualifier: Option<&'a str>,
    pub(super) version: Option<(Operator, &'a str)>,
    pub(super) architectures: Vec<String>,
    pub(super) profiles: Vec<Vec<String>>,
}

/// What separates things in a relation field: it may be folded over lines.
const BLANKS: [char; 4] = [' ', '\t', '\n', '\r'];

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// The longest name, qualifier or restriction to be looked at, in bytes.
const LONGEST_WORD: usize = 256;

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str, dialect: Dialect) -> Self {
        Self { whole: text, rest: text, start: text, dialect }
    }

    /// The whole field. dpkg takes an empty field, but no empty entry and no comma at the end.
    pub(super) fn relations(mut self) -> Result<Relations, RelationsError> {
        let mut all = Vec::new();
        if self.is_at_end() {
            return Ok(Relations(all));
        }
        let mut any = Vec::new();
        loop {
            any.push(self.relation()?);
            let separator = self.separator()?;
            if separator != Some('|') {
                all.push(Alternatives(std::mem::take(&mut any)));
            }
            if separator.is_none() {
                return Ok(Relations(all));
            }
        }
    }

    /// What follows a relation: `|`, `,` or the end.
    pub(super) fn separator(&mut self) -> Result<Option<char>, RelationsError> {
        if let Some(separator) = [b'|', b','].into_iter().find(|separator| self.take(*separator)) {
            return Ok(Some(char::from(separator)));
        }
        if self.rest.is_empty() { Ok(None) } else { self.refuse("expected `,` or `|` after it") }
    }

    /// Whether there is nothing more.
    pub(super) fn is_at_end(&mut self) -> bool {
        self.skip_blanks();
        self.rest.is_empty()
    }

    /// The next relation of a binary package, to be looked at where it stands.
    pub(super) fn relation_ref(&mut self) -> Result<RelationRef<'a>, RelationsError> {
        let Spelled { name, qualifier, version, architectures, profiles } = self.spelled()?;
        let printable = |text: &str| text.len() <= LONGEST_WORD && text.bytes().all(|b| b.is_ascii_graphic());
        if !printable(name) || !version.is_none_or(|(_, version)| printable(version)) {
            return self.refuse("only printable ASCII is allowed");
        }
        if version.is_some_and(|(_, version)| version.is_empty()) {
            return self.refuse("a version is missing");
        }
        if !architectures.is_empty() || !profiles.is_empty() {
            return self.refuse("`[…]` and `<…>` are for source packages only");
        }
        Ok(RelationRef { name, qualifier, version, has_alternative: false })
    }

    fn relation(&mut self) -> Result<Relation, RelationsError> {
        let spelled = self.spelled()?;
        let name = spelled.name.parse::<PackageName>().or_else(|error| self.refuse(error))?;
        let version = match spelled.version {
            None => None,
            Some((operator, text)) => {
                Some((operator, text.parse::<Version>().or_else(|error| self.refuse(error))?))
            }
        };
        let Spelled { qualifier, architectures, profiles, .. } = spelled;
        Ok(Relation { name, qualifier: qualifier.map(str::to_owned), version, architectures, profiles })
    }

    /// The next relation as it stands in the text.
    pub(super) fn spelled(&mut self) -> Result<Spelled<'a>, RelationsError> {
        self.skip_blanks();
        self.start = self.rest;
        if self.comes(b'$') {
            return self.refuse(
                "variables such as `${misc:Depends}` are known to debhelper only; write the package",
            );
        }
        let name = match self.word() {
            "" => return self.refuse("a package's name is missing"),
            word => word,
        };
        let mut relation =
            Spelled { name, qualifier: None, version: None, architectures: Vec::new(), profiles: Vec::new() };
        if self.comes(b':') {
            self.rest = &self.rest[1..];
            relation.qualifier = Some(self.architecture("an architecture is missing after `:`")?);
        }
        self.skip_blanks();
        if self.take(b'(') {
            relation.version = Some(self.version()?);
        }
        if self.take(b'[') {
            relation.architectures = self.restrictions(b']')?;
        }
        while self.take(b'<') {
            let profile = self.restrictions(b'>')?;
            relation.profiles.push(profile);
        }
        Ok(relation)
    }

    /// `>= 1.0)`, after the opening parenthesis.
    fn version(&mut self) -> Result<(Operator, &'a str), RelationsError> {
        self.skip_blanks();
        let operator = self.operator()?;
        self.skip_blanks();
        let version = self.until(|b| matches!(b, b')' | b'(') || is_blank(b));
        if !self.take(b')') {
            return self.refuse("expected `)` after the version");
        }
        Ok((operator, version))
    }

    fn operator(&mut self) -> Result<Operator, RelationsError> {
        const OPERATORS: [Operator; 5] = [
            Operator::Earlier,
            Operator::EarlierOrEqual,
            Operator::LaterOrEqual,
            Operator::Later,
            Operator::Equal,
        ];
        for operator in OPERATORS {
            if let Some(rest) = self.rest.strip_prefix(operator.as_str()) {
                self.rest = rest;
                return Ok(operator);
            }
        }
        let lenient = self.dialect == Dialect::Dpkg;
        match self.rest.chars().next() {
            Some('<') if lenient => self.rest = &self.rest[1..],
            Some('>') if lenient => {
                self.rest = &self.rest[1..];
                return Ok(Operator::LaterOrEqual);
            }
            Some('<') => return self.refuse("`<` is ambiguous: write `<<` (earlier) or `<=`"),
            Some('>') => return self.refuse("`>` is ambiguous: write `>>` (later) or `>=`"),
            _ if lenient => return Ok(Operator::Equal),
            _ => return self.refuse("expected `<<`, `<=`, `=`, `>=` or `>>` before the version"),
        }
        Ok(Operator::EarlierOrEqual)
    }

    /// The words up to the closing bracket: architectures or profiles, each perhaps with `!` before it.
    fn restrictions(&mut self, close: u8) -> Result<Vec<String>, RelationsError> {
        let mut words = Vec::new();
        loop {
            self.skip_blanks();
            if !words.is_empty() && self.take(close) {
                return Ok(words);
            }
            let negated = self.rest.strip_prefix('!').inspect(|rest| self.rest = rest).is_some();
            let word = self.architecture("a word is missing between the brackets")?;
            words.push(if negated { format!("!{word}") } else { word.to_owned() });
        }
    }

    fn architecture(&mut self, missing: &str) -> Result<&'a str, RelationsError> {
        let word = self.until(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'+')));
        let first = word.bytes().next();
        if word.len() > LONGEST_WORD || !first.is_some_and(|b| b.is_ascii_alphanumeric()) {
            return self.refuse(missing);
        }
        Ok(word)
    }

    fn word(&mut self) -> &'a str {
        self.until(|b| is_blank(b) || matches!(b, b',' | b'|' | b':' | b'(' | b'[' | b'<'))
    }

    /// Takes off what stands before the first byte that ends it: one of ASCII, or where another character begins.
    fn until(&mut self, ends: impl Fn(u8) -> bool) -> &'a str {
        let end = self.rest.bytes().position(ends).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    fn skip_blanks(&mut self) {
        let blanks = self.rest.bytes().take_while(|byte| is_blank(*byte)).count();
        self.rest = &self.rest[blanks..];
    }

    /// Takes this byte of ASCII off, blanks before it included, if it comes next.
    fn take(&mut self, wanted: u8) -> bool {
        self.skip_blanks();
        let comes = self.comes(wanted);
        if comes {
            self.rest = &self.rest[1..];
        }
        comes
    }

    fn comes(&self, wanted: u8) -> bool {
        self.rest.as_bytes().first() == Some(&wanted)
    }

    fn refuse<T>(&self, reason: impl ToString) -> Result<T, RelationsError> {
        let end = self.start.find([',', '|']).unwrap_or(self.start.len());
        let text = match self.start[..end].trim_end_matches(BLANKS) {
            "" => self.whole,
            relation => relation,
        };
        Err(RelationsError { text: text.chars().take(80).collect(), reason: reason.to_string() })
    }
}
