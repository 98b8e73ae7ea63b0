//! What a client can ask for.

use gachette::config::Config;
use gachette::operation::{
    BuiltPackage, ChannelChanged, ChannelOrder, OutlookRequest, PromotionOutlook, Published, SuiteSignature,
    Verification,
};
use gachette::repository::{
    ChannelLog, ChannelLogRange, FsckMode, FsckReport, GcReport, Placed, Readable, RepositoryLog, Span,
    SuiteSummary,
};
use gachette_core::Sha256Digest;
use gachette_core::apt::Suite;
use gachette_core::channel::ChannelEntry;
use gachette_core::debian::{PackageName, Version};
use gachette_core::log::LogRequest;
use gachette_core::stack::{Domain, PackageRecord, StackName, StackRef};
use gachette_core::statement::Envelope;
use http::{Method, Request};

use super::{Client, path, request};
use crate::Problem;
use crate::access::TokenName;
use crate::run::{Build, BuildId};
use crate::transport::Patience;
use crate::wire::{
    Change, ChangeChannel, ChangeStack, Changed, CreateStack, CreateToken, CreatedToken, Diff, FsckRequest,
    GcOrder, PackageDetail, PackagePlaces, PackageSummary, PublishStack, RepositoryState, RevisionSummary,
    StackState, StackSummary, StartBuild, TokenSummary, VerifySuite, encoded,
};

impl Client {
    /// The configuration in force on the other side.
    pub async fn configuration(&self) -> Result<Config, Problem> {
        self.get("/api/v1/configuration").await
    }

    /// Makes the repository that is configured, when it is not there yet.
    pub async fn init_repository(&self) -> Result<RepositoryState, Problem> {
        self.post("/api/v1/repository", &()).await
    }

    /// Checks the repository, and mends it when asked to.
    pub async fn fsck(&self, mode: FsckMode) -> Result<FsckReport, Problem> {
        let wish = FsckRequest { repair: mode == FsckMode::Repair };
        let mut request = request(Method::POST, "/api/v1/repository/fsck", Some(&wish))?;
        request.extensions_mut().insert(Patience::LONG);
        self.answer(self.send(request).await?).await
    }

    /// Collects what nothing names, or says what would be.
    pub async fn gc(&self, order: &GcOrder) -> Result<GcReport, Problem> {
        let mut request = request(Method::POST, "/api/v1/repository/gc", Some(order))?;
        request.extensions_mut().insert(Patience::LONG);
        self.answer(self.send(request).await?).await
    }

    /// What was done with all stacks and channels, newest first.
    pub async fn repository_log(&self, wanted: &LogRequest) -> Result<RepositoryLog, Problem> {
        let LogRequest { domain, by, since, until, limit } = wanted;
        let parts = [
            ("domain", domain.as_ref().map(ToString::to_string)),
            ("by", by.clone()),
            ("since", since.map(|since| since.to_string())),
            ("until", until.map(|until| until.to_string())),
            ("limit", limit.map(|limit| limit.to_string())),
        ];
        let parts = parts.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let query: Vec<String> = parts.map(|(name, value)| format!("{name}={}", encoded(&value))).collect();
        let path = format!("/api/v1/repository/log?{}", query.join("&"));
        let mut request = request(Method::GET, &path, None::<&()>)?;
        request.extensions_mut().insert(Patience::LONG);
        self.answer(self.send(request).await?).await
    }

    /// The domains that have a stack.
    pub async fn domains(&self) -> Result<Vec<Domain>, Problem> {
        self.get("/api/v1/domains").await
    }

    /// The stacks of a domain.
    pub async fn stacks(&self, domain: &Domain) -> Result<Readable<StackSummary>, Problem> {
        self.get(&format!("/api/v1/domains/{domain}/stacks")).await
    }

    /// Makes a stack, empty or as a copy; one that exists is left as it is.
    pub async fn create_stack(
        &self,
        stack: &StackName,
        from: Option<StackRef>,
        reason: &str,
    ) -> Result<Changed, Problem> {
        let wish = CreateStack { name: stack.name().to_owned(), from, reason: reason.to_owned() };
        self.post(&format!("/api/v1/domains/{}/stacks", stack.domain()), &wish).await
    }

    /// A stack at its newest revision or the one that is named.
    pub async fn stack(&self, stack: &StackRef) -> Result<StackState, Problem> {
        let query = stack.revision.map_or_else(String::new, |number| format!("?revision={number}"));
        self.get(&format!("{}{query}", path(&stack.stack))).await
    }

    /// A stack's revisions, newest first.
    pub async fn log(
        &self,
        stack: &StackName,
        limit: Option<usize>,
    ) -> Result<Readable<RevisionSummary>, Problem> {
        let query = limit.map_or_else(String::new, |limit| format!("?limit={limit}"));
        self.get(&format!("{}/revisions{query}", path(stack))).await
    }

    /// What leads from one stack to another, with at most so many commits between two versions of packages.
    pub async fn diff(&self, from: &StackRef, to: &StackRef, commits: u16) -> Result<Diff, Problem> {
        let revision = from.revision.map_or_else(String::new, |number| format!("revision={number}&"));
        let to = encoded(&to.to_string());
        self.get(&format!("{}/diff?{revision}to={to}&commits={commits}", path(&from.stack))).await
    }

    /// Changes a stack.
    pub async fn change(&self, stack: &StackName, change: Change, reason: &str) -> Result<Changed, Problem> {
        let wish = ChangeStack { change, reason: reason.to_owned() };
        let mut request = request(Method::POST, &format!("{}/revisions", path(stack)), Some(&wish))?;
        // A seal may wait for a check.
        request.extensions_mut().insert(Patience::LONG);
        self.answer(self.send(request).await?).await
    }

    /// What is stated of a stack.
    pub async fn stack_statement(&self, stack: &StackRef) -> Result<Envelope, Problem> {
        let query = stack.revision.map_or_else(String::new, |number| format!("?revision={number}"));
        self.get(&format!("{}/statement{query}", path(&stack.stack))).await
    }

    /// Verifies the suite of a stack or channel, by these certificates or those of the configured keys.
    pub async fn verify(&self, suite: &Suite, certificates: Option<String>) -> Result<Verification, Problem> {
        let path = format!("/api/v1/domains/{}/suites/{}/verify", suite.domain(), encoded(suite.name()));
        let mut request = request(Method::POST, &path, Some(&VerifySuite { certificates }))?;
        request.extensions_mut().insert(Patience::LONG);
        self.answer(self.send(request).await?).await
    }

    /// What a stack is made of, in CycloneDX's JSON.
    pub async fn sbom(&self, stack: &StackRef) -> Result<serde_json::Value, Problem> {
        let query = stack.revision.map_or_else(String::new, |number| format!("?revision={number}"));
        self.get(&format!("{}/sbom{query}", path(&stack.stack))).await
    }

    /// What is stated of a package.
    pub async fn package_statement(&self, record: &PackageRecord) -> Result<Envelope, Problem> {
        let [name, version, arch] =
            [record.name.as_str(), record.version.as_str(), record.architecture.as_str()].map(encoded);
        self.get(&format!("/api/v1/packages/{name}/versions/{version}/{arch}/statement")).await
    }

    /// Publishes a stack as an APT suite.
    pub async fn publish(&self, stack: &StackRef, signature: SuiteSignature) -> Result<Published, Problem> {
        let wish = PublishStack { revision: stack.revision, signature, as_it_is: false };
        self.publish_suite(&stack.stack, wish).await
    }

    /// Publishes a suite as it is, by the keys and settings of now.
    pub async fn publish_as_it_is(&self, suite: &Suite) -> Result<Published, Problem> {
        let name = StackName::new(suite.domain().clone(), suite.name()).map_err(Problem::invalid)?;
        self.publish_suite(&name, PublishStack { as_it_is: true, ..PublishStack::default() }).await
    }

    async fn publish_suite(&self, name: &StackName, wish: PublishStack) -> Result<Published, Problem> {
        let mut request = request(Method::POST, &format!("{}/suite", path(name)), Some(&wish))?;
        request.extensions_mut().insert(Patience::LONG);
        self.answer(self.send(request).await?).await
    }

    /// The suites of a domain that were published.
    pub async fn suites(&self, domain: &Domain) -> Result<Vec<SuiteSummary>, Problem> {
        self.get(&format!("/api/v1/domains/{domain}/suites")).await
    }

    /// The channels of a domain.
    pub async fn channels(&self, domain: &Domain) -> Result<Vec<ChannelEntry>, Problem> {
        self.get(&format!("/api/v1/domains/{domain}/channels")).await
    }

    /// What was done with a channel, newest first.
    pub async fn log_channel(&self, channel: &Suite, range: &ChannelLogRange) -> Result<ChannelLog, Problem> {
        let parts = [
            range.before.map(|before| format!("before={before}")),
            range.limit.map(|limit| format!("limit={limit}")),
        ];
        let query: Vec<String> = parts.into_iter().flatten().collect();
        self.get(&format!("{}/entries?{}", channel_path(channel), query.join("&"))).await
    }

    /// Whether a channel could be moved to a stack, and all that stands in the way.
    pub async fn outlook(
        &self,
        channel: &Suite,
        asked: &OutlookRequest,
    ) -> Result<PromotionOutlook, Problem> {
        let signature = match asked.signature {
            SuiteSignature::Signed => "signed",
            SuiteSignature::Unsigned => "unsigned",
        };
        let stack = encoded(&asked.stack.to_string());
        let path = format!("{}/outlook?stack={stack}&signature={signature}", channel_path(channel));
        let mut request = request(Method::GET, &path, None::<&()>)?;
        // It may wait for a check.
        request.extensions_mut().insert(Patience::LONG);
        self.answer(self.send(request).await?).await
    }

    /// Does something with a channel.
    pub async fn change_channel(
        &self,
        channel: &Suite,
        order: ChannelOrder,
        reason: &str,
    ) -> Result<ChannelChanged, Problem> {
        let wish = ChangeChannel { order, reason: reason.to_owned() };
        let path = format!("{}/entries", channel_path(channel));
        let mut request = request(Method::POST, &path, Some(&wish))?;
        request.extensions_mut().insert(Patience::LONG);
        self.answer(self.send(request).await?).await
    }

    /// The packages that are known.
    pub async fn packages(&self) -> Result<Vec<PackageSummary>, Problem> {
        self.get("/api/v1/packages").await
    }

    /// A package with all its versions.
    pub async fn package(&self, name: &PackageName) -> Result<PackageDetail, Problem> {
        self.get(&format!("/api/v1/packages/{}", encoded(name.as_str()))).await
    }

    /// The stacks and channels that have a package, in that version or, without one, in any.
    pub async fn package_places(
        &self,
        name: &PackageName,
        version: Option<&Version>,
        span: Span,
    ) -> Result<PackagePlaces, Problem> {
        let version =
            version.map_or_else(String::new, |version| format!("&version={}", encoded(version.as_str())));
        let all = span == Span::Ever;
        self.get(&format!("/api/v1/packages/{}/places?all={all}{version}", encoded(name.as_str()))).await
    }

    /// Hands a package file over to the repository that `to` serves, which keeps what it has.
    ///
    /// # Errors
    /// When either side fails, or the bytes are not those that the package says.
    pub async fn hand_over(&self, package: &BuiltPackage, to: &Client) -> Result<Placed, Problem> {
        let file = encoded(&package.file_name);
        let path = format!("/api/v1/debs/{file}");
        let response = self.send(super::request(Method::GET, &path, None::<&()>)?).await?;
        if !response.status().is_success() {
            return Err(self.refusal(response).await);
        }
        let target = format!("{path}?sha256={}&size={}", package.sha256, package.size);
        let request = Request::builder().method(Method::PUT).uri(target).extension(Patience::LONG);
        let request = request.body(super::steady(response.into_body()));
        to.answer(to.send(request.map_err(Problem::invalid)?).await?).await
    }

    /// How packages were built, by the hash that their records name.
    pub async fn buildinfo(&self, digest: &Sha256Digest) -> Result<String, Problem> {
        let response =
            self.send(request(Method::GET, &format!("/api/v1/buildinfo/{digest}"), None::<&()>)?).await?;
        if !response.status().is_success() {
            return Err(self.refusal(response).await);
        }
        let bytes = self.collect(response.into_body()).await?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Hands over how packages were built, before the packages, to the repository that `to` serves.
    pub async fn hand_over_buildinfo(&self, digest: &Sha256Digest, to: &Client) -> Result<(), Problem> {
        let text = self.buildinfo(digest).await?;
        let request = Request::builder().method(Method::PUT).uri(format!("/api/v1/buildinfo/{digest}"));
        to.answer(to.send(request.body(text.into()).map_err(Problem::invalid)?).await?).await
    }

    /// The packages that are registered as built from these inputs, and whose files are there.
    pub async fn built_from(&self, inputs: &Sha256Digest) -> Result<Vec<PackageRecord>, Problem> {
        self.get(&format!("/api/v1/built-from/{inputs}")).await
    }

    /// The tokens that the other side knows.
    pub async fn tokens(&self) -> Result<Vec<TokenSummary>, Problem> {
        self.get("/api/v1/tokens").await
    }

    /// Makes a token.
    pub async fn create_token(&self, wish: &CreateToken) -> Result<CreatedToken, Problem> {
        self.post("/api/v1/tokens", wish).await
    }

    /// Takes a token back.
    pub async fn revoke_token(&self, name: &TokenName) -> Result<(), Problem> {
        self.call(Method::DELETE, &format!("/api/v1/tokens/{name}"), None::<&()>).await
    }

    /// Starts a build, and returns at once.
    pub async fn start(&self, order: &StartBuild) -> Result<Build, Problem> {
        self.post("/api/v1/builds", order).await
    }

    /// Starts a build that goes on when this client is gone, and returns at once.
    pub async fn start_detached(&self, order: &StartBuild) -> Result<Build, Problem> {
        self.post("/api/v1/builds?detach=true", order).await
    }

    /// The builds that are known, newest first, at most `limit` of them.
    pub async fn builds(&self, limit: Option<usize>) -> Result<Vec<Build>, Problem> {
        let all = "/api/v1/builds";
        self.get(&limit.map_or_else(|| all.to_owned(), |limit| format!("{all}?limit={limit}"))).await
    }

    /// A build.
    pub async fn build(&self, id: &BuildId) -> Result<Build, Problem> {
        let build: Build = self.get(&format!("/api/v1/builds/{id}")).await?;
        Ok(Build { problem: build.problem.map(|problem| self.transport.seen_from_here(problem)), ..build })
    }

    /// The last lines of a build's log, at most so many.
    pub async fn end_of_log(&self, id: &BuildId, lines: usize) -> Result<String, Problem> {
        let path = format!("/api/v1/builds/{id}/log?last={lines}");
        let response = self.send(request(Method::GET, &path, None::<&()>)?).await?;
        if !response.status().is_success() {
            return Err(self.refusal(response).await);
        }
        let bytes = self.collect(response.into_body()).await?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Asks a build to end.
    pub async fn cancel(&self, id: &BuildId) -> Result<Build, Problem> {
        self.call(Method::POST, &format!("/api/v1/builds/{id}/cancel"), None::<&()>).await
    }
}

fn channel_path(channel: &Suite) -> String {
    format!("/api/v1/domains/{}/channels/{}", channel.domain(), channel.name())
}
