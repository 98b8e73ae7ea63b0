//! Tells whoever asked for a build how far it is, one package at a time.

use gachette_core::debian::PackageName;

use crate::build::Event;

/// Where the news of one package go.
pub(crate) struct Report<'a> {
    package: PackageName,
    on_event: &'a mut dyn FnMut(Event),
}

impl<'a> Report<'a> {
    pub(crate) fn new(package: &PackageName, on_event: &'a mut dyn FnMut(Event)) -> Self {
        Self { package: package.clone(), on_event }
    }

    /// What is being done now.
    pub(crate) fn step(&mut self, text: &str) {
        (self.on_event)(Event::Step { package: self.package.clone(), text: text.to_owned() });
    }

    /// A line that a program wrote.
    pub(crate) fn line(&mut self, line: &str) {
        (self.on_event)(Event::Output { package: self.package.clone(), line: line.to_owned() });
    }

    /// Something that does not stop the build and that somebody should know.
    pub(crate) fn warning(&mut self, text: &str) {
        (self.on_event)(Event::Warning { package: self.package.clone(), text: text.to_owned() });
    }
}
