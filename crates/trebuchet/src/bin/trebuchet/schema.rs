//! `trebuchet schema`.

use std::io::{Write as _, stdout};

use gachette_core::missile::schema_text;

use crate::exit_code;
use crate::failure::Failure;

/// Prints the JSON Schema of missiles.
pub(crate) fn run() -> Result<u8, Failure> {
    stdout().write_all(schema_text().as_bytes())?;
    Ok(exit_code::DONE)
}
