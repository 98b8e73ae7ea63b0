//! What can be installed, judged by dose-debcheck and by apt, on small universes whose relations are many.

mod apt;
mod dose;

use gachette_core::installability::{Architectures, Universe, UniverseBuilder, Versions};

/// A host of amd64 that takes packages of i386 too.
fn universe(text: &str, versions: Versions) -> Universe<'_> {
    let architectures = Architectures::only("amd64".parse().unwrap());
    let mut builder = UniverseBuilder::new(architectures.with_foreign(["i386".parse().unwrap()]));
    let origin = builder.origin("base", 500).unwrap();
    builder.packages(origin, text).unwrap();
    builder.build(versions)
}
