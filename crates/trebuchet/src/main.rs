//! The `trebuchet` command.
fn main() {}
