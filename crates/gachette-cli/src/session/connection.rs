//! The way from a session to the API: in this process, by `ssh`, by a socket, or by a server's address.

use std::time::{Duration, Instant};

use gachette::config::Connection;
use gachette::host::Ssh;
use gachette::identity;
use gachette_core::host::{HostAddress, HostTarget};
use gachette_core::host_check::Link;
use gachette_http::wire::ClientHello;
use gachette_http::{Api, BuildFolder, Client, ServerAccess, router, this_program};

use super::Session;
use crate::errand::Errand;
use crate::error::Failure;

impl Session {
    pub(super) async fn connect(&self) -> Result<Client, Failure> {
        match &self.host {
            None => {
                let (config, author) = (self.config.clone(), identity::author());
                Ok(Client::in_process(router(Api::new(config, author, Some(BuildFolder::of_this_user())))))
            }
            Some(HostTarget::Ssh(address)) => self.connect_by_ssh(address.clone()).await,
            Some(host) if self.changed || !self.set.is_empty() => Err(self.nothing_to_set(host)),
            Some(host) if let Some(said) = &self.for_ssh => {
                Err(Failure::usage(format!("{host} is not reached by ssh: `{said}` changes nothing")))
            }
            Some(HostTarget::Unix(path)) => {
                let connection = &self.config.connection;
                let token = if Client::shows_token_at_socket() { token(connection)? } else { None };
                Ok(Client::unix(path, token.as_deref()).await?)
            }
            Some(HostTarget::Server(url)) => {
                Ok(Client::server(url.clone(), &server_access(&self.config.connection)?)?)
            }
        }
    }

    /// The failure of who would set something on a server.
    fn nothing_to_set(&self, server: &HostTarget) -> Failure {
        let what = match self.set.first() {
            Some((key, _)) => format!("`--set {key}` changes nothing there"),
            None => "no paths can be given for it".to_owned(),
        };
        Failure::usage(format!("{server} works with its own configuration: {what}")).with_hint(
            "change it in the configuration there; `gachette config show` on that machine shows it",
        )
    }

    /// How the API is reached; it is connected to for that.
    pub(crate) async fn link(&self, errand: &Errand) -> Result<Link, Failure> {
        let ssh = match &self.host {
            Some(HostTarget::Ssh(address)) => Some(self.ssh(address.clone()).await?),
            _ => None,
        };
        let was_kept = match &ssh {
            Some(ssh) => Client::has_connection(ssh).await,
            None => false,
        };
        let begun = Instant::now();
        let was_sent = self.client(errand).await?.was_sent();
        let milliseconds = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        Ok(match (&self.host, ssh) {
            (None, _) => Link::Process,
            (Some(HostTarget::Unix(_)), _) => Link::Socket { milliseconds },
            (_, Some(ssh)) => {
                Link::Ssh { milliseconds, was_sent, was_kept, is_kept: Client::has_connection(&ssh).await }
            }
            (Some(_), None) => Link::Server { milliseconds },
        })
    }

    /// How `ssh` is called for a host; it is asked for the options in force.
    async fn ssh(&self, address: HostAddress) -> Result<Ssh, Failure> {
        let connection = self.config.connection.clone();
        let ssh = tokio::task::spawn_blocking(move || Ssh::new(address, &connection));
        ssh.await.map_err(Failure::fault)?.map_err(Failure::configuration)
    }

    async fn connect_by_ssh(&self, address: HostAddress) -> Result<Client, Failure> {
        // To read it may take as long as the login, so that begins first.
        drop(tokio::spawn(this_program()));
        let ssh = self.ssh(address).await?;
        Ok(Client::ssh(&ssh, &ClientHello::new(identity::author(), &self.config)).await?)
    }
}

/// How servers are reached.
fn server_access(connection: &Connection) -> Result<ServerAccess, Failure> {
    Ok(ServerAccess {
        token: token(connection)?,
        ca_file: connection.ca_file.clone(),
        timeout: connection.timeout.map(Duration::from_secs),
    })
}

/// The token that servers want to see. It is never an argument: those can be seen by all users of a machine.
fn token(connection: &Connection) -> Result<Option<String>, Failure> {
    let named = std::env::var("GACHETTE_TOKEN").ok().filter(|token| !token.trim().is_empty());
    let token = match (named, &connection.token_file) {
        (Some(token), _) => Some(token),
        (None, Some(file)) => Some(std::fs::read_to_string(file).map_err(|error| {
            Failure::configuration(format!("cannot read the token in {}: {error}", file.display()))
        })?),
        (None, None) => None,
    };
    Ok(token.map(|token| token.trim().to_owned()))
}
