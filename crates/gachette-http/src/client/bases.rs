//! What a client can ask for that concerns the distributions that stacks are meant for.

use gachette::operation::{BaseState, BaseUpdated, CheckReport};
use gachette_core::base::{BaseEntry, BaseName, BaseRef};
use gachette_core::stack::StackName;
use http::Method;

use super::{Client, path, request};
use crate::Problem;
use crate::transport::Patience;
use crate::wire::CheckStack;

impl Client {
    /// The bases that are configured or were taken once.
    pub async fn bases(&self) -> Result<Vec<BaseState>, Problem> {
        self.get("/api/v1/bases").await
    }

    /// A base, now or at one of its entries.
    pub async fn base(&self, base: &BaseRef) -> Result<BaseEntry, Problem> {
        let query = base.number.map_or_else(String::new, |number| format!("?number={number}"));
        self.get(&format!("{}{query}", base_path(&base.base))).await
    }

    /// How a base was taken, newest first.
    pub async fn log_base(&self, base: &BaseName, limit: Option<usize>) -> Result<Vec<BaseEntry>, Problem> {
        let query = limit.map_or_else(String::new, |limit| format!("?limit={limit}"));
        self.get(&format!("{}/entries{query}", base_path(base))).await
    }

    /// Takes a base as it is now.
    pub async fn update_base(&self, base: &BaseName) -> Result<BaseUpdated, Problem> {
        let path = format!("{}/entries", base_path(base));
        let mut request = request(Method::POST, &path, None::<&()>)?;
        request.extensions_mut().insert(Patience::LONG);
        self.answer(self.send(request).await?).await
    }

    /// Whether a stack can be installed, on the base that it is meant for.
    pub async fn check_stack(&self, stack: &StackName, wish: &CheckStack) -> Result<CheckReport, Problem> {
        let mut request = request(Method::POST, &format!("{}/check", path(stack)), Some(wish))?;
        request.extensions_mut().insert(Patience::LONG);
        self.answer(self.send(request).await?).await
    }
}

fn base_path(base: &BaseName) -> String {
    format!("/api/v1/bases/{base}")
}
