//! Why a connection with TLS did not come about, in words that say what to do.

use std::error::Error;
use std::io;

use jiff::Timestamp;
use rustls::CertificateError;
use rustls::pki_types::UnixTime;

use super::server::causes;

/// What webpki says of a certificate that is an authority's and shown by a server.
const AUTHORITY_AS_SERVER: &str = "CaUsedAsEndEntity";

/// What is wrong, and what to do.
pub(super) struct TlsFailure {
    pub(super) reason: String,
    pub(super) hint: &'static str,
}

impl TlsFailure {
    /// The one that is behind this error, if one is.
    pub(super) fn behind(error: &(dyn Error + 'static)) -> Option<Self> {
        causes(error).find_map(inner).map(Self::of)
    }

    fn of(error: &rustls::Error) -> Self {
        let (reason, hint) = match error {
            rustls::Error::InvalidCertificate(wrong) => return Self::of_certificate(wrong),
            rustls::Error::InvalidMessage(_) => {
                ("it does not speak TLS".to_owned(), "say `http://…`, if it is a server without TLS")
            }
            rustls::Error::AlertReceived(_) => (error.to_string(), "the server refused; its log may say why"),
            _ => (error.to_string(), "see whether it is a server that speaks TLS"),
        };
        Self { reason, hint }
    }

    fn of_certificate(wrong: &CertificateError) -> Self {
        use CertificateError as Wrong;
        let unknown =
            "name the certificate of its authority by `ca_file`, or have its own signed by a known one";
        let (reason, hint) = match wrong {
            Wrong::Expired => ("its certificate has expired".to_owned(), "renew it there"),
            Wrong::ExpiredContext { not_after, .. } => {
                (format!("its certificate expired at {}", moment(not_after)), "renew it there")
            }
            Wrong::NotValidYet => {
                ("its certificate is not valid yet".to_owned(), "see whether the clocks are right")
            }
            Wrong::NotValidYetContext { not_before, .. } => {
                let reason = format!("its certificate is not valid before {}", moment(not_before));
                (reason, "see whether the clocks are right")
            }
            Wrong::NotValidForName | Wrong::NotValidForNameContext { .. } => (
                "its certificate is not for this name".to_owned(),
                "reach it by a name that its certificate has",
            ),
            // What another key than the one of that name signed.
            Wrong::UnknownIssuer
            | Wrong::BadSignature
            | Wrong::UnsupportedSignatureAlgorithmContext { .. }
            | Wrong::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
                ("its certificate is of an unknown authority".to_owned(), unknown)
            }
            Wrong::Other(other) if other.to_string().contains(AUTHORITY_AS_SERVER) => (
                "its certificate is that of an authority, which no server may show".to_owned(),
                "make it with `openssl req -x509 … -addext basicConstraints=critical,CA:FALSE`",
            ),
            _ => (format!("its certificate cannot be used: {wrong}"), unknown),
        };
        Self { reason, hint }
    }
}

fn moment(time: &UnixTime) -> String {
    let seconds = i64::try_from(time.as_secs()).ok();
    let moment = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
    moment.map_or_else(|| "an unknown time".to_owned(), |moment| moment.to_string())
}

/// The error of TLS that this one is, or that is wrapped in it, as errors of streams are, more than once.
fn inner<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    let mut error = error;
    loop {
        if let Some(inner) = error.downcast_ref() {
            return Some(inner);
        }
        error = error.downcast_ref::<io::Error>()?.get_ref()?;
    }
}
