//! Packages that are lower in one stack than in another, in words.

use gachette_core::stack::LowerPackage;

use super::plural;

/// How many are named.
const NAMED: usize = 5;

/// How many packages are lower, and which.
pub(crate) fn lower_text(lower: &[LowerPackage], than: &str) -> String {
    let are = if lower.len() == 1 { "is" } else { "are" };
    let one = |package: &LowerPackage| format!("{} {} after {}", package.name, package.to, package.from);
    let mut named: Vec<String> = lower.iter().take(NAMED).map(one).collect();
    if lower.len() > NAMED {
        named.push(format!("{} more", lower.len() - NAMED));
    }
    format!("{} {are} lower than {than}: {}", plural(lower.len(), "package"), named.join(", "))
}
