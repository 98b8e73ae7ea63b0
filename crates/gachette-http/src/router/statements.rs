//! Statements of where packages and stacks come from, and what stacks are made of.

use axum::extract::State;
use gachette::operation::{self, Trusted, Verification};
use gachette::repository::RepositoryError;
use gachette_core::debian::{Architecture, PackageName, Version};
use gachette_core::sbom;
use gachette_core::stack::{Domain, StackRef};
use gachette_core::statement::{self, Envelope};

use super::extract::{Json, Path, Query};
use super::stacks::{AtRevision, stack_name};
use super::{Answer, Api, blocking};
use crate::wire::VerifySuite;

/// The one that was signed, else what would be.
pub(super) async fn of_stack(
    State(api): State<Api>,
    Path(name): Path<(Domain, String)>,
    Query(at): Query<AtRevision>,
) -> Answer<Envelope> {
    let stack = StackRef { stack: stack_name(name)?, revision: at.revision };
    blocking(move || {
        let repository = api.config.repository()?;
        let entry = repository.show_stack(&stack)?;
        match repository.signed_statement(&entry.hash)? {
            Some(signed) => Ok(signed),
            None => {
                let records = repository.each_record(&entry, |record| repository.stated(&record))?;
                Ok(Envelope::of(&repository.statement_of(&entry, &records)))
            }
        }
    })
    .await
    .map(Json)
}

/// The same of a package.
pub(super) async fn of_package(
    State(api): State<Api>,
    Path((name, version, architecture)): Path<(PackageName, Version, Architecture)>,
) -> Answer<Envelope> {
    blocking(move || {
        let repository = api.config.repository()?;
        let record = repository.record(&name, &version, &architecture)?;
        let record = record.ok_or(RepositoryError::MissingPackage { name, version })?;
        match repository.signed_statement(&record.sha256)? {
            Some(signed) => Ok(signed),
            None => Ok(Envelope::of(&statement::of_package(&record))),
        }
    })
    .await
    .map(Json)
}

/// The bill of materials of a stack; packages are of whoever the Release files say they are.
pub(super) async fn sbom(
    State(api): State<Api>,
    Path(name): Path<(Domain, String)>,
    Query(at): Query<AtRevision>,
) -> Answer<serde_json::Value> {
    let stack = StackRef { stack: stack_name(name)?, revision: at.revision };
    blocking(move || {
        let repository = api.config.repository()?;
        let entry = repository.show_stack(&stack)?;
        let vendor = api.config.publish.settings().origin;
        let parts = operation::sbom_parts(&repository, &entry)?;
        Ok(sbom::cyclonedx(&entry, &parts, vendor.as_deref().unwrap_or("gachette")))
    })
    .await
    .map(Json)
}

/// Verifies the suite of a stack or channel.
pub(super) async fn verify(
    State(api): State<Api>,
    Path(name): Path<(Domain, String)>,
    Json(wish): Json<VerifySuite>,
) -> Answer<Verification> {
    let suite = stack_name(name)?.into();
    let trusted = wish.certificates.map_or(Trusted::Configured, Trusted::Certificates);
    blocking(move || operation::verify(&api.config, &suite, &trusted)).await.map(Json)
}
