//! The table of all routes: path, methods, what they take and answer, and who carries them out.

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing;
use gachette::config::Config;
use gachette::event::Event;
use gachette::mirror::MirrorRefs;
use gachette::operation::{
    BaseState, BaseUpdated, ChannelChanged, CheckReport, OutlookRequest, PromotionOutlook, Published,
    Verification, WorkingCopyState,
};
use gachette::repository::{
    ChannelLog, ChannelLogRange, FsckReport, GcReport, Placed, Readable, RepositoryLog, SuiteSummary,
};
use gachette_core::base::BaseEntry;
use gachette_core::channel::ChannelEntry;
use gachette_core::log::LogRequest;
use gachette_core::stack::{Domain, PackageRecord};
use gachette_core::statement::Envelope;

use super::description::Description;
use super::extract::Json;
use super::routes::{Routes, delete, get, post, put};
use super::{
    Api, Health, bases, buildinfo, builds, channels, debs, hooks, host, idempotency, keys, metrics, mirrors,
    old_tree, packages, repository, stacks, statements, suites, tokens, working_copies,
};
use crate::run::Build;
use crate::wire::{
    ChangeChannel, ChangeStack, Changed, CheckStack, CreateKey, CreateStack, CreateToken, CreatedToken, Diff,
    ExtendKey, FsckRequest, GcOrder, HostReport, KeySummary, PackageDetail, PackagePlaces, PackageSummary,
    PublishStack, RepositoryState, RevisionSummary, StackState, StackSummary, StartBuild, TokenSummary,
    VerifySuite,
};

const BYTES: &str = "application/octet-stream";
const TEXT: &str = "text/plain; charset=utf-8";

/// All routes, with the one that describes them.
pub(super) fn all(api: &Api) -> axum::Router<Api> {
    let stacks = statement_routes(stack_routes(Routes::new(), api));
    let routes = base_routes(key_routes(channel_routes(stacks, api), api), api);
    let (router, description) =
        old_routes(build_routes(package_routes(own_routes(repository_routes(routes, api), api)), api))
            .finish();
    let description = Arc::new(description);
    let document = async move || Json(Description::document(&description));
    router.route("/openapi.json", routing::get(document))
}

fn own_routes(routes: Routes, api: &Api) -> Routes {
    let once = from_fn_with_state(api.answers.clone(), idempotency::once);
    routes
        .add(
            "/api/v1/health",
            [get("Which version answers, and whether it is about to end").answers::<Health>().open()],
            routing::get(Health::of),
        )
        .add(
            "/api/v1/configuration",
            [get("The configuration in force").answers::<Config>()],
            routing::get(repository::configuration),
        )
        .add(
            "/api/v1/host",
            [get("Whether the machine is fit for builds").query::<host::Looked>().answers::<HostReport>()],
            routing::get(host::check),
        )
        .add(
            "/api/v1/tokens",
            [
                get("All tokens").answers::<Vec<TokenSummary>>(),
                post("Make a token").takes::<CreateToken>().answers::<CreatedToken>().status(201).once(),
            ],
            routing::post(tokens::create).layer(once).get(tokens::list),
        )
        .add(
            "/api/v1/tokens/{name}",
            [delete("Take a token back").status(204)],
            routing::delete(tokens::revoke),
        )
        .add(
            "/hooks/{name}",
            [post("Tell of a push to a project")
                .takes::<serde_json::Value>()
                .answers::<hooks::Ignored>()
                .open()],
            routing::post(hooks::receive),
        )
        .add(
            "/metrics",
            [get("Numbers for Prometheus").answers_as("text/plain; version=0.0.4")],
            routing::get(metrics),
        )
}

fn repository_routes(routes: Routes, api: &Api) -> Routes {
    let once = from_fn_with_state(api.answers.clone(), idempotency::once);
    routes
        .add(
            "/api/v1/repository",
            [post("Make the repository when it is not there").answers::<RepositoryState>().once()],
            routing::post(repository::init).layer(once),
        )
        .add(
            "/api/v1/repository/log",
            [get("What was done with stacks and channels, newest first: ten thousand entries at most")
                .query::<LogRequest>()
                .answers::<RepositoryLog>()],
            routing::get(repository::log),
        )
        .add(
            "/api/v1/repository/fsck",
            [post("Check the repository, and mend it").takes::<FsckRequest>().answers::<FsckReport>()],
            routing::post(repository::fsck),
        )
        .add(
            "/api/v1/repository/gc",
            [post("Collect what nothing names").takes::<GcOrder>().answers::<GcReport>()],
            routing::post(repository::gc),
        )
}

fn key_routes(routes: Routes, api: &Api) -> Routes {
    let once = from_fn_with_state(api.answers.clone(), idempotency::once);
    routes
        .add(
            "/api/v1/keys",
            [
                get("The keys that are there, or that suites are signed with").answers::<Vec<KeySummary>>(),
                post("Make a key").takes::<CreateKey>().answers::<KeySummary>().status(201).once(),
            ],
            routing::post(keys::create).layer(once).get(keys::list),
        )
        .add(
            "/api/v1/keys/{key}/certificate",
            [get("What others may know of a key").answers_as(keys::CERTIFICATES).tagged().unless_known()],
            routing::get(keys::certificate),
        )
        .add(
            "/api/v1/keys/{key}/expiry",
            [put("Have a key end at another time")
                .takes::<ExtendKey>()
                .answers::<KeySummary>()
                .tagged()
                .while_newest()],
            routing::put(keys::extend),
        )
        .add(
            "/api/v1/certificates",
            [get("The certificates of all keys that suites are signed with")
                .answers_as(keys::CERTIFICATES)
                .tagged()
                .unless_known()],
            routing::get(keys::certificates),
        )
}

fn stack_routes(routes: Routes, api: &Api) -> Routes {
    let once = || from_fn_with_state(api.answers.clone(), idempotency::once);
    let stack = "/api/v1/domains/{domain}/stacks/{stack}";
    routes
        .add(
            "/api/v1/domains",
            [get("The domains with a stack").answers::<Vec<Domain>>()],
            routing::get(stacks::domains),
        )
        .add(
            "/api/v1/domains/{domain}/stacks",
            [
                get("The stacks of a domain").answers::<Readable<StackSummary>>(),
                post("Create a stack").takes::<CreateStack>().answers::<Changed>().tagged().once(),
            ],
            routing::post(stacks::create).layer(once()).get(stacks::list),
        )
        .add(
            stack,
            [get("A stack, now or at a revision")
                .query::<stacks::AtRevision>()
                .answers::<StackState>()
                .tagged()
                .unless_known()],
            routing::get(stacks::show),
        )
        .add(
            &format!("{stack}/revisions"),
            [
                get("The revisions of a stack")
                    .query::<stacks::LogRange>()
                    .answers::<Readable<RevisionSummary>>(),
                post("Change a stack")
                    .takes::<ChangeStack>()
                    .answers::<Changed>()
                    .tagged()
                    .while_newest()
                    .once(),
            ],
            routing::post(stacks::change).layer(once()).get(stacks::log),
        )
        .add(
            &format!("{stack}/diff"),
            [get("What leads from one stack to another").query::<stacks::DiffRange>().answers::<Diff>()],
            routing::get(stacks::diff),
        )
        .add(
            &format!("{stack}/check"),
            [post("Whether a stack can be installed").takes::<CheckStack>().answers::<CheckReport>()],
            routing::post(stacks::check),
        )
        .add(
            "/api/v1/domains/{domain}/suites",
            [get("The APT suites of a domain, as they were published last").answers::<Vec<SuiteSummary>>()],
            routing::get(suites::list),
        )
        .add(
            &format!("{stack}/suite"),
            [post("Publish a stack as an APT suite").takes::<PublishStack>().answers::<Published>().once()],
            routing::post(suites::publish).layer(once()),
        )
}

/// What is stated of stacks and packages.
fn statement_routes(routes: Routes) -> Routes {
    let stack = "/api/v1/domains/{domain}/stacks/{stack}";
    routes
        .add(
            &format!("{stack}/statement"),
            [get("What is stated of a stack, signed when it was sealed or published")
                .query::<stacks::AtRevision>()
                .answers::<Envelope>()],
            routing::get(statements::of_stack),
        )
        .add(
            "/api/v1/domains/{domain}/suites/{suite}/verify",
            [post("Verify a stack or channel, from its signature to the commits")
                .takes::<VerifySuite>()
                .answers::<Verification>()],
            routing::post(statements::verify),
        )
        .add(
            &format!("{stack}/sbom"),
            [get("What a stack is made of, in CycloneDX's JSON")
                .query::<stacks::AtRevision>()
                .answers::<serde_json::Value>()],
            routing::get(statements::sbom),
        )
        .add(
            "/api/v1/packages/{package}/versions/{version}/{architecture}/statement",
            [get("What is stated of a package, signed when a stack with it was published")
                .answers::<Envelope>()],
            routing::get(statements::of_package),
        )
}

fn channel_routes(routes: Routes, api: &Api) -> Routes {
    let once = from_fn_with_state(api.answers.clone(), idempotency::once);
    let channels = "/api/v1/domains/{domain}/channels";
    routes
        .add(
            channels,
            [get("The channels of a domain").answers::<Vec<ChannelEntry>>()],
            routing::get(channels::list),
        )
        .add(
            &format!("{channels}/{{channel}}"),
            [get("A channel").answers::<ChannelEntry>().tagged().unless_known()],
            routing::get(channels::show),
        )
        .add(
            &format!("{channels}/{{channel}}/entries"),
            [
                get("What was done with a channel, newest first: ten thousand entries at most")
                    .query::<ChannelLogRange>()
                    .answers::<ChannelLog>(),
                post("Do something with a channel")
                    .takes::<ChangeChannel>()
                    .answers::<ChannelChanged>()
                    .tagged()
                    .while_newest()
                    .once(),
            ],
            routing::post(channels::change).layer(once).get(channels::log),
        )
        .add(
            &format!("{channels}/{{channel}}/outlook"),
            [get("Whether a channel could be moved to a stack, and all that stands in the way")
                .query::<OutlookRequest>()
                .answers::<PromotionOutlook>()],
            routing::get(channels::outlook),
        )
}

fn base_routes(routes: Routes, api: &Api) -> Routes {
    let once = from_fn_with_state(api.answers.clone(), idempotency::once);
    routes
        .add(
            "/api/v1/bases",
            [get("The distributions that stacks are meant for").answers::<Vec<BaseState>>()],
            routing::get(bases::list),
        )
        .add(
            "/api/v1/bases/{base}",
            [get("A base, now or at one of its entries")
                .query::<bases::AtEntry>()
                .answers::<BaseEntry>()
                .tagged()
                .unless_known()],
            routing::get(bases::show),
        )
        .add(
            "/api/v1/bases/{base}/entries",
            [
                get("How a base was taken").query::<stacks::LogRange>().answers::<Vec<BaseEntry>>(),
                post("Take a base as it is now").answers::<BaseUpdated>().tagged().while_newest().once(),
            ],
            routing::post(bases::update).layer(once).get(bases::log),
        )
}

fn package_routes(routes: Routes) -> Routes {
    routes
        .add(
            "/api/v1/debs/{file}",
            [
                get("A package file").answers_as(debs::PACKAGE_FILE),
                put("Bring a package file").query::<debs::Announced>().takes_bytes().answers::<Placed>(),
            ],
            routing::get(debs::fetch).put(debs::bring).layer(DefaultBodyLimit::disable()),
        )
        .add(
            "/api/v1/buildinfo/{sha256}",
            [
                get("How packages were built (deb-buildinfo(5))").answers_as(buildinfo::BUILDINFO),
                put("Bring how packages were built").takes_bytes().status(204),
            ],
            routing::get(buildinfo::fetch).put(buildinfo::bring),
        )
        .add(
            "/api/v1/built-from/{inputs}",
            [get("What was built from these inputs").answers::<Vec<PackageRecord>>()],
            routing::get(packages::built_from),
        )
        .add(
            "/api/v1/mirrors/{id}",
            [
                get("The refs of a mirror").answers::<MirrorRefs>(),
                put("Bring refs and objects").takes_bytes().answers::<MirrorRefs>(),
            ],
            routing::get(mirrors::show).put(mirrors::receive).layer(DefaultBodyLimit::disable()),
        )
        .add(
            "/api/v1/packages",
            [get("All packages").answers::<Vec<PackageSummary>>()],
            routing::get(packages::list),
        )
        .add(
            "/api/v1/packages/{package}",
            [get("A package with its versions").answers::<PackageDetail>()],
            routing::get(packages::show),
        )
        .add(
            "/api/v1/packages/{package}/places",
            [get("The stacks and channels that have a package")
                .query::<packages::Sought>()
                .answers::<PackagePlaces>()],
            routing::get(packages::places),
        )
}

fn build_routes(routes: Routes, api: &Api) -> Routes {
    let once = from_fn_with_state(api.answers.clone(), idempotency::once);
    routes
        .add(
            "/api/v1/builds",
            [
                get("The builds that are remembered, newest first")
                    .query::<stacks::LogRange>()
                    .answers::<Vec<Build>>(),
                post("Start a build")
                    .query::<builds::Ordering>()
                    .takes::<StartBuild>()
                    .answers::<Build>()
                    .status(202)
                    .once(),
            ],
            routing::post(builds::start).layer(once).get(builds::list),
        )
        .add("/api/v1/builds/{id}", [get("A build").answers::<Build>()], routing::get(builds::show))
        .add(
            "/api/v1/builds/{id}/cancel",
            [post("End a build").answers::<Build>()],
            routing::post(builds::cancel),
        )
        .add(
            "/api/v1/builds/{id}/events",
            [get("The events of a build, from the first, as they come").answers_events::<Event>()],
            routing::get(builds::events),
        )
        .add(
            "/api/v1/builds/{id}/log",
            [get("The end of a build's log").query::<builds::EndOfLog>().answers_as(TEXT)],
            routing::get(builds::log),
        )
        .add(
            "/api/v1/working-copies",
            [get("The working copies that were prepared").answers::<Vec<WorkingCopyState>>()],
            routing::get(working_copies::list),
        )
        .add(
            "/api/v1/working-copies/{copy}",
            [
                get("A working copy").answers::<WorkingCopyState>(),
                delete("Remove a working copy in which nobody is at work").status(204),
            ],
            routing::get(working_copies::show).delete(working_copies::remove),
        )
}

/// What clients of the original tool read. They spell `domains` where the tree on disk has `domain`; both are served.
fn old_routes(routes: Routes) -> Routes {
    let version = || [get("The version of a package in a stack").answers_as(TEXT)];
    let path = "stacks/{stack}/packages/{package}/version";
    routes
        .add(&format!("/domains/{{domain}}/{path}"), version(), routing::get(old_tree::stacked_version))
        .add(&format!("/domain/{{domain}}/{path}"), version(), routing::get(old_tree::stacked_version))
        .add(
            "/packages/{package}/version/{version}/file",
            [get("The name of a package's file").answers_as(TEXT)],
            routing::get(old_tree::file_name),
        )
        .add(
            "/dists/{domain}/{suite}/{*file}",
            [get("A file of an APT suite").answers_as(BYTES)],
            routing::get(suites::file),
        )
        .add(
            "/debs/{file}",
            [get("A package file").answers_as(debs::PACKAGE_FILE)],
            routing::get(debs::fetch),
        )
}
