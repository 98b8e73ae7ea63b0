//! The `gachette` command.
fn main() {}
