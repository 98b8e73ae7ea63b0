//! `gachette serve`

mod log;
mod signals;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use gachette::config::{Config, ConfigError};
use gachette::identity;
use gachette_http::{
    Api, BuildFolder, Limits, Listen, Openness, Operator, ServeError, ServeOptions, TlsFiles, TrustedProxy,
    serve,
};
use tokio::sync::mpsc;

use self::log::LogFormat;
use self::signals::{Signals, Wish};
use crate::error::Failure;
use crate::options::Options;
use crate::session::Session;

/// Serve the API to other programs and machines
///
/// Clients are `-H unix:///PATH` and `-H https://HOST` before any command, or anything that speaks HTTP. Whoever may open the
/// unix socket may do everything, but for users of services; over TCP each client shows a token, which `gachette token create` makes.
///
/// It ends at SIGTERM or SIGINT: builds may go on for the time of grace. Those that are cut off then, and those that wait, are taken up
/// again when it starts. At a second signal it ends at once. At SIGHUP it reads its configuration and its certificate again.
#[derive(Debug, Clone, Args)]
pub(crate) struct ServeArgs {
    /// Listen here: unix:///PATH or ADDRESS:PORT [default: unix://$XDG_RUNTIME_DIR/gachette.sock]
    #[arg(long, value_name = "WHERE")]
    listen: Vec<Listen>,
    /// Speak TLS on TCP, with this certificate and those between it and its root (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The certificate's private key (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Let every program of this machine do everything, without a token; on loopback addresses only
    #[arg(long)]
    no_auth: bool,
    /// Let everybody read what clients of the original tool read, without a token
    #[arg(long)]
    public_read: bool,
    /// Believe this proxy who its clients are (X-Forwarded-For), for limits and the log: the address that it connects from,
    /// or user:NAME when it comes to the socket
    #[arg(long = "trusted-proxy", value_name = "PROXY")]
    trusted_proxies: Vec<TrustedProxy>,
    /// Carry out at most so many builds at the same time [default: one for each processor]
    #[arg(long, value_name = "N")]
    builds: Option<NonZeroUsize>,
    /// Take at most so many connections at each place
    #[arg(long, value_name = "N", default_value = "512")]
    connections: NonZeroUsize,
    /// Answer at most so many requests a second for each client, and twice as many at once
    #[arg(long, value_name = "N", default_value = "100", value_parser = clap::value_parser!(u32).range(1..))]
    rate: u32,
    /// When it is to end, let builds go on for so long
    #[arg(long, value_name = "SECONDS", default_value = "60")]
    grace: u64,
    /// Write the log as text or as JSON, one line for each event
    #[arg(long, value_enum, default_value_t)]
    log_format: LogFormat,
}

impl ServeArgs {
    pub(crate) async fn run(self, options: &Options) -> Result<(), Failure> {
        if !options.hosts.is_empty() {
            return Err(Failure::usage(
                "a server serves this machine; start it on the other one by other means",
            ));
        }
        let session = Session::open(options)?;
        let mut signals = Signals::listen()?;
        log::start(self.log_format);
        let processors = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let builds = self.builds.unwrap_or(processors).get();
        let api = Api::new(session.config.clone(), identity::author(), Some(BuildFolder::of_this_user()))
            .of_server(builds);
        let (reload, reloads) = mpsc::channel(1);
        let operator = Operator {
            on_listen: &|address| tracing::info!("listening on {address}"),
            reloads,
            configuration: &|| configuration(options),
        };
        let served = serve(api, self.options()?, operator);
        let twice = async {
            while signals.next().await == Wish::Reload {
                // When one is to come already, that is enough.
                let _ = reload.try_send(());
            }
            drop(reload);
            while signals.next().await == Wish::Reload {}
        };
        tokio::select! {
            served = served => served.map_err(failure),
            () = twice => {
                trebuchet::process::kill_all();
                Err(Failure::interrupted())
            }
        }
    }

    fn options(self) -> Result<ServeOptions, Failure> {
        let listen = if self.listen.is_empty() { vec![own_socket()?] } else { self.listen };
        let tls = self.tls_cert.zip(self.tls_key).map(|(certificates, key)| TlsFiles { certificates, key });
        Ok(ServeOptions {
            listen,
            tls,
            openness: Openness {
                no_auth: self.no_auth,
                public_read: self.public_read,
                proxies: self.trusted_proxies,
            },
            limits: Limits {
                connections: self.connections.get(),
                requests_per_second: self.rate,
                grace: Duration::from_secs(self.grace),
            },
        })
    }
}

/// The configuration as it is now; none when it cannot be used, which is logged.
fn configuration(options: &Options) -> Option<Config> {
    let mistakes = match Session::configuration(options) {
        Ok(loaded) => {
            loaded.warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
            return Some(loaded.config);
        }
        Err(ConfigError::Wrong { mistakes }) => mistakes.iter().map(ToString::to_string).collect(),
        Err(error) => vec![error.to_string()],
    };
    mistakes.iter().for_each(|mistake| tracing::error!("{mistake}"));
    tracing::error!("the configuration cannot be used; the one before stays in force");
    None
}

fn own_socket() -> Result<Listen, Failure> {
    let folder = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|folder| folder.is_absolute());
    let nowhere = || {
        Failure::usage("it is not said where to listen, and XDG_RUNTIME_DIR is not set")
            .with_hint("say for example `--listen unix:///run/gachette/gachette.sock`")
    };
    folder.map(|folder| Listen::Unix(folder.join("gachette.sock"))).ok_or_else(nowhere)
}

fn failure(error: ServeError) -> Failure {
    let hint = match &error {
        ServeError::OpenToAll(_) => Some("`--no-auth` is for loopback addresses, such as 127.0.0.1:8080"),
        ServeError::Clear(_) => {
            Some("give `--tls-cert` and `--tls-key`, or listen on 127.0.0.1 behind a proxy that speaks TLS")
        }
        ServeError::Listen { .. } | ServeError::Tls(_) => None,
    };
    let failure = match &error {
        ServeError::Listen { .. } => Failure::fault(error),
        ServeError::Tls(_) => Failure::configuration(error),
        ServeError::OpenToAll(_) | ServeError::Clear(_) => Failure::usage(error),
    };
    match hint {
        Some(hint) => failure.with_hint(hint),
        None => failure,
    }
}
