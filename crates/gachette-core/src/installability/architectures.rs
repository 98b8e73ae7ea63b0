//! Which architectures a host takes packages of, and when a package of one answers a relation of a package of another.
//!
//! As apt has it, which is what decides on hosts; dose-debcheck is laxer about `:any`.

use crate::debian::Architecture;

/// The architectures of a host: its own, and the foreign ones it was told to take too (`dpkg --add-architecture`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Architectures(Vec<Architecture>);

/// One of a host's architectures; `all` is the native one, as for apt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place(u8);

/// What a package says of itself in `Multi-Arch` (deb-control(5)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum MultiArch {
    /// Nothing: it answers packages of its own architecture.
    #[default]
    No,
    /// It can be installed in several architectures at once.
    Same,
    /// It answers packages of all architectures.
    Foreign,
    /// It answers relations with `:any`.
    Allowed,
}

/// The architectures a relation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Those that answer a package of this one: what has no qualifier.
    From(Place),
    /// This one: `:amd64`, `:native`.
    Exactly(Place),
    /// `:any`.
    Any,
    /// All: conflicts without a qualifier.
    Everywhere,
    /// One that the host does not take.
    Nowhere,
}

/// The architectures a name is provided for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ProvidedFor {
    /// As the package itself: what has no qualifier, and a package's own name.
    Own,
    /// `:amd64`.
    Exactly(Place),
    /// `:any`.
    Any,
    /// One that the host does not take.
    Nowhere,
}

impl Place {
    pub(super) const NATIVE: Self = Self(0);
}

impl Architectures {
    /// A host that takes packages of this architecture and of `all`.
    pub fn only(native: Architecture) -> Self {
        Self(vec![native])
    }

    /// The same host, taking packages of these too, up to a hundred.
    #[must_use]
    pub fn with_foreign(mut self, foreign: impl IntoIterator<Item = Architecture>) -> Self {
        for architecture in foreign {
            if !self.0.contains(&architecture) && !architecture.is_all() && self.0.len() < 100 {
                self.0.push(architecture);
            }
        }
        self
    }

    /// The host's own architecture.
    pub fn native(&self) -> &Architecture {
        &self.0[0]
    }

    /// All of them, the host's own first.
    pub fn iter(&self) -> impl Iterator<Item = &Architecture> {
        self.0.iter()
    }

    /// Where a package of this architecture belongs, if the host takes it.
    pub(super) fn place(&self, architecture: &str) -> Option<Place> {
        if architecture == "all" {
            return Some(Place::NATIVE);
        }
        let at = self.0.iter().position(|known| known.as_str() == architecture)?;
        u8::try_from(at).ok().map(Place)
    }

    /// The reach of a relation that a package of `from` needs.
    pub(super) fn reach(&self, qualifier: Option<&str>, from: Place) -> Reach {
        match qualifier {
            None => Reach::From(from),
            Some("any") => Reach::Any,
            Some("native") => Reach::Exactly(Place::NATIVE),
            Some(named) => self.place(named).map_or(Reach::Nowhere, Reach::Exactly),
        }
    }

    pub(super) fn provided_for(&self, qualifier: Option<&str>) -> ProvidedFor {
        match qualifier {
            None => ProvidedFor::Own,
            Some("any") => ProvidedFor::Any,
            Some(named) => self.place(named).map_or(ProvidedFor::Nowhere, ProvidedFor::Exactly),
        }
    }
}

impl Reach {
    /// Whether a name that a package at `place` has, or provides, is within reach.
    pub(super) fn includes(self, place: Place, multi_arch: MultiArch, provided: ProvidedFor) -> bool {
        let own = match provided {
            ProvidedFor::Own => Some(place),
            ProvidedFor::Exactly(place) => Some(place),
            ProvidedFor::Any | ProvidedFor::Nowhere => None,
        };
        let itself = provided == ProvidedFor::Own;
        match self {
            Self::From(from) => own == Some(from) || (itself && multi_arch == MultiArch::Foreign),
            Self::Exactly(wanted) => own == Some(wanted),
            Self::Any => provided == ProvidedFor::Any || (itself && multi_arch == MultiArch::Allowed),
            Self::Everywhere => own.is_some(),
            Self::Nowhere => false,
        }
    }
}
