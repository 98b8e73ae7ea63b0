//! Decides whether packages can be installed together, on a distribution, and what comes with them or stands in the way.
//!
//! A [`Universe`] holds the packages to choose from. A [`Checker`] answers questions about it: a walk that always takes the first
//! alternative, as apt would, is tried first; if it leads nowhere, a SAT solver decides, and leads the walk. Whatever is found is
//! looked at again rule by rule before it is told. What is impossible is explained by the fewest facts.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use gachette_core::installability::{Answer, Architectures, Checker, Query, UniverseBuilder, Versions};
//!
//! let distribution = "Package: libfoo\nVersion: 1.4\nArchitecture: amd64\n";
//! let control = [("Package", "dh-web"), ("Version", "1.0"), ("Architecture", "all"), ("Depends", "libfoo (>= 2)")];
//! let mut builder = UniverseBuilder::new(Architectures::only("amd64".parse()?));
//! let bookworm = builder.origin("bookworm", 500)?;
//! builder.packages(bookworm, distribution)?;
//! let stack = builder.origin("default/124", 1001)?;
//! let install: Vec<_> = builder.package(stack, control)?.into_iter().collect();
//! let universe = builder.build(Versions::Candidate);
//!
//! let mut checker = Checker::new(&universe, &|| false);
//! let Answer::Refused(reasons) = checker.check(&Query { install: &install, ..Query::default() })? else {
//!     return Err("it can be installed".into());
//! };
//! assert_eq!(
//!     reasons[0].to_string(),
//!     "dh-web 1.0 needs libfoo (>= 2), of which only libfoo 1.4 (bookworm) is there"
//! );
//! # Ok(())
//! # }
//! ```

mod architectures;
mod builder;
mod checker;
mod condense;
mod explain;
mod explanation;
mod marked;
mod package;
mod problem;
mod recommended;
mod resolved;
mod solver;
mod table;
mod tell;
mod universe;
mod verify;
mod walk;

pub use architectures::Architectures;
pub use builder::{OriginIndex, UniverseBuilder, UniverseError};
pub use checker::{Answer, Checker, Installation, Query};
pub use condense::Condensed;
pub use explanation::{Explanation, Fact, NamedPackage};
pub use marked::{Arrival, Mark, Marks};
pub use package::{FieldError, Package};
pub use recommended::{LeftOut, Recommended};
pub use solver::GaveUp;
pub use universe::{Origin, PackageIndex, Universe, Versions};

/// The rules by which is decided here, as a number that is another when the same question may have another answer, or one told in
/// another way: answers that are kept are known by it.
pub const RULES: u32 = 6;

#[cfg(test)]
#[path = "brute_force_tests.rs"]
mod brute_force;

#[cfg(test)]
#[path = "explanation_tests.rs"]
mod explanations;
