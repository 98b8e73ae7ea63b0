//! All that an answer depends on, and its digest, by which answers are kept.

use std::fmt::Write as _;

use gachette_core::Sha256Digest;
use gachette_core::base::BaseEntry;
use gachette_core::debian::{Architecture, PackageName};
use gachette_core::stack::Content;

/// What is asked, with all that the answer depends on.
pub(super) struct Question<'a> {
    pub(super) stack: &'a Content,
    pub(super) from: Option<&'a Content>,
    pub(super) base: &'a BaseEntry,
    pub(super) architectures: Vec<Architecture>,
    pub(super) foreign: Vec<Architecture>,
    pub(super) recommends: bool,
    pub(super) only: &'a [PackageName],
}

impl Question<'_> {
    /// The digest of one line for each thing that it depends on, this gachette among them: another may know better.
    pub(super) fn digest(&self) -> Sha256Digest {
        let mut lines = format!("check {}\nstack {}\n", env!("CARGO_PKG_VERSION"), self.stack.hash());
        let mut line = |words: std::fmt::Arguments<'_>| {
            // Writing to a String cannot fail.
            let _ = writeln!(lines, "{words}");
        };
        if let Some(from) = self.from {
            line(format_args!("from {}", from.hash()));
        }
        for list in &self.base.lists {
            let architecture = list.architecture.as_ref().map_or("any", Architecture::as_str);
            line(format_args!("list {} {architecture} {} {}", list.sha256, list.priority, list.origin));
        }
        self.architectures.iter().for_each(|architecture| line(format_args!("on {architecture}")));
        self.foreign.iter().for_each(|architecture| line(format_args!("foreign {architecture}")));
        line(format_args!("recommends {}", self.recommends));
        let mut only: Vec<&PackageName> = self.only.iter().collect();
        only.sort();
        only.iter().for_each(|name| line(format_args!("only {name}")));
        Sha256Digest::of(lines.as_bytes())
    }
}
