//! The first line of each side when HTTP goes over standard streams.

use std::collections::BTreeMap;

use gachette::config::{Config, Connection, Project};
use serde::{Deserialize, Serialize};

use super::CloneUrl;
use crate::{Problem, ProblemKind};

/// The version of what is said before HTTP, and of HTTP's API.
pub const PROTOCOL: u32 = 1;

/// What the serving side says first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentHello {
    /// Must be [`PROTOCOL`].
    pub protocol: u32,
    /// The version of gachette.
    pub version: String,
}

/// What the client answers: on whose behalf, and with which configuration, the other side works.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ClientHello {
    /// Who changes what is changed.
    pub author: String,
    /// The configuration in force.
    pub config: Config,
    /// The projects' addresses, whole; a configuration is shown and sent without users and passwords in them.
    pub urls: BTreeMap<String, CloneUrl>,
}

impl ClientHello {
    /// The hello of somebody with this configuration. How hosts are reached stays here.
    pub fn new(author: String, config: &Config) -> Self {
        let url = |project: &Project| project.url.clone().map(CloneUrl::from);
        let urls = config.projects.iter().filter_map(|(name, project)| Some((name.clone(), url(project)?)));
        let connection = Connection::default();
        Self { author, urls: urls.collect(), config: Config { connection, ..config.clone() } }
    }

    /// The line in which it is said.
    pub(crate) fn line(&self) -> Result<Vec<u8>, Problem> {
        let mut text = serde_json::to_vec(self).map_err(|error| {
            Problem::new(ProblemKind::Internal, format!("the configuration cannot be sent: {error}"))
        })?;
        text.push(b'\n');
        Ok(text)
    }

    /// The configuration with the projects' whole addresses.
    pub fn into_config(self) -> Config {
        let mut config = self.config;
        for (name, url) in self.urls {
            if let Some(project) = config.projects.get_mut(&name) {
                project.url = Some(url.into_url());
            }
        }
        config
    }
}
