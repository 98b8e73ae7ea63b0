//! Package files that apt fetches: what of them is there counts only when it is what the lists name.
//!
//! apt leaves what came of a file under the file's own name, also when that is a part of it, or another: neither that a file is there
//! nor that it is a whole package says anything.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use gachette_core::debian::Architecture;
use trebuchet::process::ProcessError;

use super::candidate::Bytes;
use super::intake::Intake;
use super::offer::Offer;
use super::{Context, OperationError};
use crate::base::AptFolder;

/// What apt is told when it tries a file again that it tried several times already.
const ONCE_MORE: [&str; 2] = ["-o", "Acquire::Retries=1"];

/// What apt is told when it tries once and no more.
const ONCE: [&str; 2] = ["-o", "Acquire::Retries=0"];
/// After how many faults of the network in a row it is asked whether the server answers at all.
const IN_A_ROW: usize = 3;
/// What apt says of faults of the network, among other words.
const OF_NETWORK: [&str; 6] =
    ["connect", "resolv", "server", "timed out", "undetermined error", "unreachable"];
/// apt's program for single files.
const HELPER: &str = "/usr/lib/apt/apt-helper";

/// Fetches package files that apt's lists name.
pub(super) struct Fetching {
    pub(super) apt: AptFolder,
    /// The architecture that apt takes for its own.
    pub(super) native: Architecture,
}

impl Fetching {
    /// Fetches these packages, which are offered below an address, and has them taken in.
    pub(super) fn take(
        &self,
        context: &mut Context<'_>,
        address: &str,
        mut wanted: Vec<&Offer>,
        intake: &mut Intake<'_>,
    ) -> Result<(), OperationError> {
        while !wanted.is_empty() {
            // Two files of one package have one name.
            let mut names = HashSet::new();
            let (now, later): (Vec<_>, Vec<_>) =
                wanted.into_iter().partition(|offer| names.insert(file_name(offer)));
            self.take_each(context, address, &now, intake)?;
            wanted = later;
        }
        Ok(())
    }

    fn take_each(
        &self,
        context: &mut Context<'_>,
        address: &str,
        wanted: &[&Offer],
        intake: &mut Intake<'_>,
    ) -> Result<(), OperationError> {
        let folder = self.apt.fresh_folder("fetched")?;
        let mut named = HashMap::new();
        // One that cannot be had must not keep the others away.
        let is_all = self.download(context, &folder, &[], wanted).is_ok();
        let (mut faults, mut silence) = (0, None);
        for offer in wanted {
            let path = folder.join(file_name(offer));
            let error = match if is_all { Ok(()) } else { self.once_more(context, &path, offer) } {
                Ok(()) => {
                    named.insert(path, (*offer).clone());
                    faults = 0;
                    continue;
                }
                Err(_) if context.cancel.is_cancelled() => return Err(OperationError::Cancelled),
                Err(error) => reason(&error),
            };
            faults = if is_of_network(&error) { faults + 1 } else { 0 };
            if faults == IN_A_ROW {
                silence = self.silence(context, &folder, address);
                faults = 0;
            }
            intake.refuse_offer(offer, error);
            if silence.is_some() {
                break;
            }
        }
        let mut files: Vec<PathBuf> = named.keys().cloned().collect();
        files.sort_unstable();
        intake.take_all(&files, Bytes::named(named), |_| Ok(()))?;
        let report = intake.report();
        let (taken, already_there) = (report.taken, report.already_there);
        silence.map_or(Ok(()), |reason| Err(OperationError::Silent { reason, taken, already_there }))
    }

    /// Why nothing at all can be had from there, if that is so.
    fn silence(&self, context: &mut Context<'_>, folder: &Path, address: &str) -> Option<String> {
        let release = format!("{address}Release");
        let words = [&ONCE[..], &["download-file", &release, "asked"]].concat();
        let asked = self.apt.apt(HELPER, &words).current_dir(folder).output(context.cancel);
        asked.err().map(|error| reason(&error)).filter(|reason| is_of_network(reason))
    }

    /// Fetches a file by itself that is not there as the lists name it.
    fn once_more(&self, context: &mut Context<'_>, path: &Path, offer: &Offer) -> Result<(), ProcessError> {
        if offer.is_file(path) {
            return Ok(());
        }
        let folder = path.parent().unwrap_or(path);
        // What came of it is not gone on with.
        let _ = fs::remove_file(path);
        self.download(context, folder, &ONCE_MORE, &[offer])
    }

    fn download(
        &self,
        context: &mut Context<'_>,
        folder: &Path,
        options: &[&str],
        wanted: &[&Offer],
    ) -> Result<(), ProcessError> {
        let words: Vec<String> = wanted.iter().map(|offer| self.word(offer)).collect();
        let words = words.iter().map(String::as_str);
        let words: Vec<&str> = options.iter().copied().chain(["download"]).chain(words).collect();
        self.apt.apt("apt-get", &words).current_dir(folder).output(context.cancel).map(drop)
    }

    /// How apt-get is told of one file.
    fn word(&self, offer: &Offer) -> String {
        let Offer { name, version, architecture, .. } = offer;
        if architecture.is_all() || *architecture == self.native {
            format!("{name}={version}")
        } else {
            format!("{name}:{architecture}={version}")
        }
    }
}

/// The name that apt-get gives a file.
fn file_name(offer: &Offer) -> String {
    let Offer { name, version, architecture, .. } = offer;
    format!("{name}_{version}_{architecture}.deb").replace(':', "%3a")
}

/// What apt says of a file that it could not fetch.
fn reason(error: &ProcessError) -> String {
    let said = error.to_string();
    let reason = said.lines().find(|line| line.trim_start().starts_with("E: "));
    reason.unwrap_or(&said).trim().to_owned()
}

/// Whether apt could not fetch a file because of the network or the server, and not because of the file.
fn is_of_network(reason: &str) -> bool {
    // `E: Failed to fetch ADDRESS  REASON`, where the reason begins with the status when the server gave one (RFC 9110, 15).
    let Some((_, reason)) = reason.split_once("://").and_then(|(_, rest)| rest.split_once("  ")) else {
        return false;
    };
    let reason = reason.to_ascii_lowercase();
    match reason.split(' ').next().and_then(|status| status.parse::<u16>().ok()) {
        Some(status) => status == 429 || status >= 500,
        None => OF_NETWORK.iter().any(|words| reason.contains(words)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_of_the_network_are_told_from_those_of_files() {
        // As apt 2.6 says them.
        for (reason, expected) in [
            ("Could not connect to 127.0.0.1:8797 (127.0.0.1). - connect (111: Connection refused)", true),
            ("Unable to connect to 127.0.0.1:8797:", true),
            ("Could not resolve 'deb.example.org'", true),
            ("Undetermined Error [IP: 127.0.0.1 8797]", true),
            ("Error reading from server. Remote end closed connection [IP: 127.0.0.1 8797]", true),
            ("500  Internal Server Error [IP: 127.0.0.1 8797]", true),
            ("404  Not Found [IP: 127.0.0.1 8797]", false),
            ("Hash Sum mismatch", false),
            ("File has unexpected size (640 != 3728). Mirror sync in progress? [IP: 127.0.0.1 8797]", false),
        ] {
            let said = format!("E: Failed to fetch http://connect-server.example.org/b_1_all.deb  {reason}");
            assert_eq!(is_of_network(&said), expected, "{reason}");
        }
        assert!(!is_of_network("E: Version '1' for 'connect' was not found"));
    }
}
