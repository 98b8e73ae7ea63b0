//! What is wrong with a template, and where in which file.

use std::error::Error as _;
use std::ops::Range;
use std::path::Path;

use minijinja::ErrorKind;
use serde::{Deserialize, Serialize};

use super::{TemplateLookupError, lookup};

/// What sort of thing is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum TemplateErrorKind {
    /// The template is not there, or not to be used.
    Lookup(TemplateLookupError),
    /// The template is not written as Jinja2 wants it.
    Syntax,
    /// It names something that is not defined.
    Undefined {
        /// The expression, such as `db.host`, where it can be told.
        name: Option<String>,
    },
    /// It takes too long or too much memory, nests too deep or grows too large.
    Endless,
    /// Anything else that fails while it is filled in.
    Rendering,
}

/// A stretch of a template's source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateExcerpt {
    /// The whole source.
    pub source: String,
    /// The bytes that are to blame.
    pub range: Range<usize>,
}

/// A template that cannot be filled in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{template}{}: {message}", line.map(|line| format!(":{line}")).unwrap_or_default())]
pub struct TemplateError {
    /// The file where it happened: the one asked for, or one it extends or includes.
    pub template: String,
    /// The line in it, counted from 1.
    pub line: Option<usize>,
    /// The source to blame, for an excerpt.
    pub excerpt: Option<Box<TemplateExcerpt>>,
    /// What sort of thing is wrong.
    pub kind: TemplateErrorKind,
    /// What is wrong: a lower-case fragment.
    pub message: Box<str>,
}

impl TemplateExcerpt {
    fn of(error: &minijinja::Error) -> Option<Box<Self>> {
        let (source, range) = (error.template_source()?.to_owned(), error.range()?);
        source.get(range.clone()).is_some().then(|| Box::new(Self { source, range }))
    }
}

impl TemplateError {
    pub(super) fn new(project: &Path, asked: &str, error: &minijinja::Error) -> Self {
        if let Some(lookup) = lookup_error(error).or_else(|| missing_include(project, error)) {
            return Self::of_lookup(asked, error, lookup);
        }
        let error = innermost(error);
        let (excerpt, name) = (excerpt(error), undefined_name(error));
        let detail = error.detail().unwrap_or_default();
        let (kind, message) = match error.kind() {
            ErrorKind::UndefinedError => {
                let message = match &name {
                    Some(name) => format!("`{name}` is undefined"),
                    None => format!("something here is undefined: `{}`", excerpt.unwrap_or_default()),
                };
                (TemplateErrorKind::Undefined { name }, message)
            }
            ErrorKind::SyntaxError => (TemplateErrorKind::Syntax, format!("syntax error: {detail}")),
            ErrorKind::OutOfFuel => {
                (TemplateErrorKind::Endless, "it takes more steps than any sane template".to_owned())
            }
            ErrorKind::InvalidOperation if detail.contains("recursion limit") => {
                (TemplateErrorKind::Endless, "it extends, includes or calls itself without end".to_owned())
            }
            ErrorKind::WriteFailure => {
                (TemplateErrorKind::Endless, "the rendered file grows beyond 16 MiB".to_owned())
            }
            kind => {
                let message = if detail.is_empty() { kind.to_string() } else { format!("{kind}: {detail}") };
                (TemplateErrorKind::Rendering, message)
            }
        };
        let template = error.name().unwrap_or(asked).to_owned();
        Self {
            template,
            line: error.line(),
            excerpt: TemplateExcerpt::of(error),
            kind,
            message: message.into(),
        }
    }

    /// It fails as a whole, for no line's sake.
    pub(super) fn of_whole(template: &str, message: impl Into<Box<str>>) -> Self {
        Self {
            template: template.to_owned(),
            line: None,
            excerpt: None,
            kind: TemplateErrorKind::Rendering,
            message: message.into(),
        }
    }

    /// It grows or goes on beyond a bound, no matter where.
    pub(super) fn endless(template: &str, message: String) -> Self {
        Self { kind: TemplateErrorKind::Endless, ..Self::of_whole(template, message) }
    }

    /// A template that another one names is reported where it is named.
    fn of_lookup(asked: &str, error: &minijinja::Error, lookup: TemplateLookupError) -> Self {
        if let TemplateLookupError::TooDeep { name, line, .. } = &lookup {
            return Self {
                template: name.clone(),
                line: Some(*line),
                excerpt: None,
                message: lookup.to_string().into(),
                kind: TemplateErrorKind::Endless,
            };
        }
        let place = place_of_reference(error);
        Self {
            template: place.and_then(minijinja::Error::name).unwrap_or(asked).to_owned(),
            line: place.and_then(minijinja::Error::line),
            excerpt: place.and_then(TemplateExcerpt::of),
            message: lookup.to_string().into(),
            kind: TemplateErrorKind::Lookup(lookup),
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match &self.kind {
            TemplateErrorKind::Lookup(TemplateLookupError::Missing { nearest: Some(nearest), .. }) => {
                Some(format!("did you mean `{nearest}`?"))
            }
            TemplateErrorKind::Endless if self.message.contains("nothing that deep") => {
                Some("part it: `{% set %}` gives a part of an expression a name, and a map takes the place of branches"
                    .to_owned())
            }
            TemplateErrorKind::Lookup(TemplateLookupError::Missing { .. }) => {
                Some("templates are looked up in the project's top folder".to_owned())
            }
            TemplateErrorKind::Undefined { name: Some(name) } => {
                Some(format!("set it in the recipe, or write `{name}|default('…')`"))
            }
            TemplateErrorKind::Rendering if self.message.contains("% operator") => {
                Some("`%` formats no text here; write `'%s'|format(value)`".to_owned())
            }
            TemplateErrorKind::Rendering if self.message.starts_with("unknown filter: filter random") => {
                Some("a build gives the same files each time, so nothing in it is random".to_owned())
            }
            _ => None,
        }
    }
}

/// The loader's own error, however deep it is wrapped.
fn lookup_error(error: &minijinja::Error) -> Option<TemplateLookupError> {
    let mut source = error.source();
    while let Some(inner) = source {
        if let Some(lookup) = inner.downcast_ref::<TemplateLookupError>() {
            return Some(lookup.clone());
        }
        source = inner.source();
    }
    None
}

/// What an `include` says when it finds nothing: the engine drops the loader's own error there.
fn missing_include(project: &Path, error: &minijinja::Error) -> Option<TemplateLookupError> {
    let error = innermost(error);
    let quoted = error.detail()?.strip_prefix("tried to include non-existing template ")?;
    let name =
        (error.kind() == ErrorKind::TemplateNotFound).then(|| serde_json::from_str::<String>(quoted).ok());
    Some(lookup::missing(project, &name??))
}

/// The error that happened first, below those that say through which templates it came.
fn innermost(error: &minijinja::Error) -> &minijinja::Error {
    let mut found = error;
    while let Some(inner) = found.source().and_then(|inner| inner.downcast_ref::<minijinja::Error>()) {
        found = inner;
    }
    found
}

/// The deepest error of the chain that has a line.
fn place_of_reference(error: &minijinja::Error) -> Option<&minijinja::Error> {
    let (mut found, mut next) = (None, Some(error));
    while let Some(error) = next {
        if error.line().is_some() {
            found = Some(error);
        }
        next = error.source().and_then(|inner| inner.downcast_ref::<minijinja::Error>());
    }
    found
}

/// The source text to blame.
fn excerpt(error: &minijinja::Error) -> Option<String> {
    let text = error.template_source()?.get(error.range()?)?;
    (text.len() <= 200).then(|| text.trim().to_owned())
}

/// The undefined expression, when it is a mere name with attributes such as `db.host`.
fn undefined_name(error: &minijinja::Error) -> Option<String> {
    let (source, range) = (error.template_source()?, error.range()?);
    // The engine blames a filter that was given something undefined: what stands before the bar is meant.
    let before = source.get(..range.start)?.trim_end();
    let text = match before.strip_suffix('|') {
        None => source.get(range)?.trim(),
        Some(piped) => {
            let piped = piped.trim_end();
            let start = piped.rfind(|c| !is_path_character(c));
            &piped[start.map_or(0, |at| at + piped[at..].chars().next().map_or(1, char::len_utf8))..]
        }
    };
    let begins = text.starts_with(|c: char| c.is_alphabetic() || c == '_');
    (begins && text.len() <= 200 && text.chars().all(is_path_character)).then(|| text.to_owned())
}

fn is_path_character(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | '[' | ']' | '\'' | '"')
}
