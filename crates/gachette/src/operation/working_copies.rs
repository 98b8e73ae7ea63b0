//! Working copies: which there are, and taking one away.

use gachette_core::git::WorkingCopyName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::OperationError;
use crate::config::Config;
use crate::working_copy::{Holder, Sight, WorkingCopy, WorkingCopyError};

/// A working copy, as it is now.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct WorkingCopyState {
    /// Its name.
    pub name: WorkingCopyName,
    /// Its folder.
    pub path: String,
    /// The project of the configuration that it is of, as far as its name and its address tell.
    pub project: Option<String>,
    /// Where it was cloned from, without a password; nothing of one that was left unfinished, which the next use makes whole.
    pub url: Option<String>,
    /// What was asked for: `refs/heads/main`, or a commit.
    #[serde(rename = "ref")]
    pub reference: Option<String>,
    /// The commit that is checked out.
    pub commit: Option<String>,
    /// Who was at work in it last, since when, and at what.
    pub last_use: Option<Holder>,
    /// Whether he still is, or programs that he started.
    pub in_use: bool,
}

/// The working copies that were prepared here, by name.
///
/// # Errors
/// When their folder cannot be read or trusted.
pub fn working_copies(config: &Config) -> Result<Vec<WorkingCopyState>, OperationError> {
    let mut found = Vec::new();
    for name in WorkingCopy::names(&config.working_copies)? {
        let copy = WorkingCopy::new(name, &config.working_copies);
        match copy.look() {
            Ok(seen) => found.extend(seen.map(|seen| state(config, &copy, seen))),
            // It belongs to somebody else.
            Err(WorkingCopyError::Untrusted { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(found)
}

/// A working copy that was prepared here.
///
/// # Errors
/// When there is none of that name, or it cannot be trusted.
pub fn working_copy(config: &Config, name: &WorkingCopyName) -> Result<WorkingCopyState, OperationError> {
    let copy = WorkingCopy::new(name.clone(), &config.working_copies);
    let seen = copy.look()?.ok_or_else(|| not_there(config, name))?;
    Ok(state(config, &copy, seen))
}

/// Takes a working copy away, unless somebody is at work in it.
///
/// # Errors
/// When there is none of that name, somebody is at work in it, or it cannot be removed.
pub fn remove_working_copy(config: &Config, name: &WorkingCopyName) -> Result<(), OperationError> {
    let copy = WorkingCopy::new(name.clone(), &config.working_copies);
    if copy.remove_if_free()? { Ok(()) } else { Err(not_there(config, name)) }
}

fn not_there(config: &Config, name: &WorkingCopyName) -> OperationError {
    WorkingCopyError::NotThere { name: name.clone(), base: config.working_copies.clone() }.into()
}

fn state(config: &Config, copy: &WorkingCopy, seen: Sight) -> WorkingCopyState {
    WorkingCopyState {
        name: copy.name().clone(),
        path: copy.path().display().to_string(),
        project: project_of(config, copy.name(), seen.url.as_deref()),
        url: seen.url,
        reference: seen.reference,
        commit: seen.commit.map(|commit| commit.to_string()),
        last_use: seen.last_use,
        in_use: seen.in_use,
    }
}

/// The project whose working copies are [named](WorkingCopyName::of_project) so and cloned from there.
fn project_of(config: &Config, name: &WorkingCopyName, url: Option<&str>) -> Option<String> {
    let is_of = |project: &str| {
        let rest = name.as_str().strip_prefix(project);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
    };
    let named = config.projects.iter().filter(|(project, _)| is_of(project));
    let cloned = named.filter(|(_, settings)| match (&settings.url, url) {
        (Some(configured), Some(url)) => configured.as_str() == url,
        _ => true,
    });
    cloned.map(|(project, _)| project.clone()).max_by_key(String::len)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Project;

    #[test]
    fn a_working_copy_is_of_the_project_that_its_name_and_address_say() {
        let mut config = Config::default();
        for (name, url) in
            [("web", "https://example.org/web.git"), ("web_shop", "https://example.org/shop.git")]
        {
            let project = Project { url: Some(url.parse().unwrap()), ..Project::default() };
            config.projects.insert(name.to_owned(), project);
        }
        let project = |name: &str, url| project_of(&config, &name.parse().unwrap(), url);
        let [web, shop] = ["web", "shop"].map(|name| format!("https://example.org/{name}.git"));
        assert_eq!(project("web", Some(&web)).as_deref(), Some("web"));
        assert_eq!(project("web_shop", Some(&shop)).as_deref(), Some("web_shop"));
        assert_eq!(project("web_shop", Some(&web)).as_deref(), Some("web"), "its branch `shop`");
        assert_eq!(project("web_shop-2", None).as_deref(), Some("web"));
        assert_eq!(project("web", Some(&shop)), None);
        assert_eq!(project("website", Some(&web)), None);
    }
}
