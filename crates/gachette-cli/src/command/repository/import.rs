//! `gachette repository import`

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use clap::Args;
use gachette::operation::{Distribution, ImportReport, Outcome, RefusedFile, StackedIn};
use gachette_core::address_without_secrets;
use gachette_core::debian::Architecture;
use gachette_http::wire::{ImportFrom, ImportOrder, StartBuild};

use crate::error::Failure;
use crate::output::{bytes, lower_text, one_line, plural};
use crate::session::Session;

/// How the names of package files end.
const PACKAGE: &str = ".deb";
/// The largest file of APT sources that is read, in bytes.
const LARGEST_SOURCES: u64 = 1 << 20;

/// Take package files, or those of a repository of aptly, reprepro or APT, into the repository
///
/// Of a folder, all files that end in `.deb`, and those below it. A repository that aptly or reprepro keeps there, or that was
/// published there, gives what is in its pool, whatever distribution that is in; one distribution alone is taken by APT sources, such
/// as `'deb file:/srv/reprepro stable main'`. Of APT sources, all packages for the machine's architecture, or those that are named,
/// which its own apt fetches and verifies. What is there already is left as it is, so an import that was ended can be begun
/// again. A file that is no whole package, or another one than is registered under its name, version and architecture, is refused,
/// and the rest goes on; the exit code is 5 then.
#[derive(Debug, Clone, Args)]
pub(crate) struct ImportArgs {
    /// A folder or `.deb` files on the machine that has the repository; or APT sources: a `.sources` file, or
    /// `deb ADDRESS SUITE COMPONENT`
    #[arg(value_name = "SOURCE", required = true)]
    sources: Vec<String>,
    /// Believe APT sources that nobody signed
    #[arg(long)]
    unsigned: bool,
    /// Take packages of APT sources for this architecture, with those for `all`; can be said several times [default: the
    /// machine's own]
    #[arg(long = "architecture", value_name = "ARCHITECTURE")]
    architectures: Vec<Architecture>,
    /// Read all bytes of what is there already, and bring again what is damaged; else its size is enough
    #[arg(long)]
    verify: bool,
    /// Add the highest version of each package to this stack, in one revision
    #[arg(long, value_name = "STACK")]
    to: Option<String>,
    /// Why, for the stack's log
    #[arg(short = 'm', long, default_value = "")]
    reason: String,
}

impl ImportArgs {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let stack = self.to.as_deref().map(|stack| session.stack(stack)).transpose()?;
        let from = source(session, self.sources, self.unsigned, self.architectures)?;
        let order = StartBuild::Import(ImportOrder { from, stack, verify: self.verify, reason: self.reason });
        let build = session.carry_out(&order).await?;
        let unsaid = || Failure::fault(format!("build {} says nothing of what it took", build.id));
        let outcome = build.outcome.clone().ok_or_else(unsaid)?;
        let report = outcome.import.clone().ok_or_else(unsaid)?;
        if let (Some(stacked), false) = (&outcome.stack, report.lower.is_empty()) {
            let StackedIn { stack, revision, .. } = stacked;
            let lower = lower_text(&report.lower, &format!("in {stack} before"));
            session.output.warn(&format!(
                "{lower}; hosts take them only with a pin (docs/publishing.md), and `gachette stack rollback {stack} --to {}` takes \
                 the import out of the stack again",
                revision - 1
            ));
        }
        let text = |outcome: &Outcome| text(&report, outcome);
        match report.refused.len() {
            0 => session.output.result(&outcome, text),
            refused => {
                let failure = Failure::refused(format!("{} not taken", plural(refused, "file")));
                Err(session.output.failed_result(&outcome, text, failure))
            }
        }
    }
}

/// What the words mean.
fn source(
    session: &Session,
    words: Vec<String>,
    unsigned: bool,
    architectures: Vec<Architecture>,
) -> Result<ImportFrom, Failure> {
    if words.first().is_some_and(|word| word == "deb" || word.trim_start().starts_with("deb ")) {
        return Ok(ImportFrom::Apt { sources: words.join(" "), unsigned, architectures });
    }
    let word = match words.as_slice() {
        [word] => word,
        words => return files(session, words, unsigned, &architectures),
    };
    if word.ends_with(".sources") {
        let sources = trebuchet::read_handed_over(Path::new(word), LARGEST_SOURCES);
        let text =
            |bytes| String::from_utf8(bytes).map_err(|error| io::Error::new(ErrorKind::InvalidData, error));
        let sources = sources.and_then(text);
        let sources =
            sources.map_err(|error| Failure::usage(format!("{word}: {}", gachette::io_reason(&error))))?;
        return Ok(ImportFrom::Apt { sources, unsigned, architectures });
    }
    if word.contains("://") || word.starts_with("file:") {
        return Err(no_folder(word));
    }
    // A folder may be called so too.
    if word.ends_with(PACKAGE) && (session.host().is_some() || !Path::new(word).is_dir()) {
        return files(session, &words, unsigned, &architectures);
    }
    check_options(unsigned, &architectures)?;
    Ok(ImportFrom::Folder { path: absolute(session, word, "a folder")? })
}

/// Package files.
fn files(
    session: &Session,
    words: &[String],
    unsigned: bool,
    architectures: &[Architecture],
) -> Result<ImportFrom, Failure> {
    check_options(unsigned, architectures)?;
    if let Some(word) = words.iter().find(|word| !word.ends_with(PACKAGE)) {
        let message =
            format!("`{}` is no package file, and of anything else one is taken at a time", shown(word));
        return Err(
            Failure::usage(message).with_hint("name files that end in `.deb`, or one folder, or one source")
        );
    }
    let paths = words.iter().map(|word| absolute(session, word, "a file")).collect::<Result<_, _>>();
    paths.map(|paths| ImportFrom::Files { paths })
}

/// Says how packages are taken from an address.
fn no_folder(word: &str) -> Failure {
    let failure = Failure::usage(format!("`{}` is an address, and no folder", shown(word)));
    failure.with_hint(match word.strip_prefix("file:") {
        _ if word.ends_with(PACKAGE) => "fetch the file, and import that".to_owned(),
        Some(folder) => format!("say `gachette repository import {}`", shown(folder)),
        None => format!(
            "as APT sources with suite and components it is `gachette repository import 'deb {} SUITE COMPONENT'`, such as \
             `stable main`",
            shown(word)
        ),
    })
}

/// A word without what may be secret in it.
fn shown(word: &str) -> String {
    address_without_secrets(word).escape_debug().to_string()
}

fn check_options(unsigned: bool, architectures: &[Architecture]) -> Result<(), Failure> {
    if !architectures.is_empty() {
        return Err(Failure::usage(
            "`--architecture` is for APT sources: of a folder all package files are taken",
        ));
    }
    if unsigned {
        return Err(Failure::usage("`--unsigned` is for APT sources: a folder is believed"));
    }
    Ok(())
}

/// The path of what the word names, on the machine that has the repository.
fn absolute(session: &Session, word: &str, what: &str) -> Result<String, Failure> {
    if word.is_empty() {
        return Err(Failure::usage("it is not said which folder"));
    }
    let path = match session.host() {
        None => std::path::absolute(word)?,
        Some(_) if Path::new(word).is_absolute() => PathBuf::from(word),
        Some(_) => return Err(Failure::usage(format!("{what} on a host is named by its absolute path"))),
    };
    let path = path.into_os_string().into_string();
    path.map_err(|_| Failure::usage(format!("the name of {what} is not UTF-8")))
}

fn text(report: &ImportReport, outcome: &Outcome) -> String {
    let refused = |refused: &RefusedFile| one_line(&format!("{}: {}", refused.file, refused.reason)) + "\n";
    let mut text: String = report.refused.iter().map(refused).collect();
    text.push_str(&format!(
        "{} taken in ({}), {} already there, {} refused",
        plural(report.taken, "package"),
        bytes(report.bytes),
        report.already_there,
        report.refused.len()
    ));
    if let Some(stacked) = &outcome.stack {
        let changed = if stacked.changed { "" } else { ", as before" };
        text.push_str(&format!("\n{}: revision {}{changed}", stacked.stack, stacked.revision));
        if report.left_out > 0 {
            text.push_str(&format!(
                ", without {} of lower or equal versions",
                plural(report.left_out, "package")
            ));
        }
    }
    text.push_str(&of_distributions(&report.distributions));
    text
}

/// What is said of a pool that is one of several distributions.
fn of_distributions(distributions: &[Distribution]) -> String {
    let Some(first) = distributions.first() else { return String::new() };
    let names: Vec<String> = distributions.iter().map(|distribution| one_line(&distribution.name)).collect();
    let unsigned = if first.signed { "" } else { " --unsigned" };
    format!(
        "\nthese are the packages of all its distributions ({}); for one: `gachette repository import '{}'{unsigned}`",
        names.join(", "),
        one_line(&first.sources)
    )
}
