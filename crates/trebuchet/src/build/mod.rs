//! A build: from a project and its missile to package files.
mod built;
mod error;
mod event;
mod request;
pub use built::BuiltPackage;
pub use error::BuildError;
pub use event::Event;
pub use request::BuildRequest;
