//! `gachette key list`

use clap::Args;
use gachette_http::wire::KeySummary;

use crate::errand::Errand;
use crate::error::Failure;
use crate::output::{moment, table};
use crate::session::Session;

/// List the keys, and which of them suites are signed with
///
/// Those that end within thirty days, or cannot be used, are warned about.
#[derive(Debug, Clone, Args)]
pub(crate) struct ListArgs {}

impl ListArgs {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let keys = session.client(&Errand::look("list the keys")).await?.keys().await?;
        if keys.is_empty() {
            session.output.note("there are no keys yet; `gachette key generate` makes one");
        }
        for warning in keys.iter().filter_map(|key| key.warning.as_ref()) {
            session.output.warn(warning);
        }
        session.output.result(&keys, |keys| {
            if keys.is_empty() {
                return String::new();
            }
            table(&["key", "signs", "fingerprint", "user id", "created", "ends"], keys.iter().map(row))
        })
    }
}

fn row(key: &KeySummary) -> Vec<String> {
    let signs = if key.signs { "yes" } else { "no" };
    let mut row = vec![key.key.to_string(), signs.to_owned()];
    match &key.certificate {
        Some(certificate) => row.extend([
            certificate.fingerprint.to_string(),
            certificate.user_id.clone(),
            moment(certificate.created),
            certificate.expires.map_or_else(|| "never".to_owned(), moment),
        ]),
        None => row.push("cannot be used".to_owned()),
    }
    row
}
