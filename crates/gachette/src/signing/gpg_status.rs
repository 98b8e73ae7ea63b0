//! Why gpg did not sign, by the lines that it writes for programs (GnuPG's doc/DETAILS).

/// How those lines begin.
pub(super) const STATUS: &str = "[GNUPG:] ";

/// Why gpg did not sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    NoSecretKey,
    MayNotSign,
    Revoked,
    Ended,
    Disabled,
    WrongPassphrase,
    WrongPin,
    BlockedPin,
    /// There is neither a terminal nor a window to ask at.
    NobodyToAsk,
}

impl Refusal {
    /// What these lines say, among which others may be; none when they do not say any of it.
    pub(super) fn of<'a>(lines: impl Iterator<Item = &'a str> + Clone) -> Option<Self> {
        let statuses = lines.filter_map(|line| line.strip_prefix(STATUS));
        let statuses = statuses.map(|line| line.split(' ').collect::<Vec<_>>());
        let unusable = |fields: Vec<&str>| match fields[..] {
            ["INV_SGNR", code, ..] => Self::of_signer(code),
            _ => None,
        };
        let failure = |fields: Vec<&str>| match fields[..] {
            ["FAILURE", _, code, ..] => Self::of_failure(code),
            _ => None,
        };
        statuses.clone().find_map(unusable).or_else(|| statuses.clone().find_map(failure))
    }

    /// The reason of `INV_SGNR`.
    fn of_signer(code: &str) -> Option<Self> {
        Some(match code {
            "1" | "9" => Self::NoSecretKey,
            "3" => Self::MayNotSign,
            "4" => Self::Revoked,
            "5" => Self::Ended,
            "13" => Self::Disabled,
            _ => return None,
        })
    }

    /// The code of `FAILURE`, behind which its name may stand. What kind of error it is stands in its lower half (gpg-error.h).
    fn of_failure(code: &str) -> Option<Self> {
        let code: u32 = code.split('_').next()?.parse().ok()?;
        Some(match code & 0xffff {
            11 => Self::WrongPassphrase,
            87 => Self::WrongPin,
            130 => Self::BlockedPin,
            // No pinentry; and `ENOTTY`, of the system's.
            85 | 0x8066 => Self::NobodyToAsk,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(lines: &[&str]) -> Option<Refusal> {
        Refusal::of(lines.iter().copied())
    }

    #[test]
    fn what_gpg_says_when_it_is_let_into_no_key_is_told_apart() {
        // The source of an error stands in its highest byte: 4 is the agent, 6 the daemon of cards.
        for (kind, expected) in [
            (11, Some(Refusal::WrongPassphrase)),
            (87, Some(Refusal::WrongPin)),
            (130, Some(Refusal::BlockedPin)),
            (85, Some(Refusal::NobodyToAsk)),
            (0x8000 | 102, Some(Refusal::NobodyToAsk)),
            (99, None),
            (1, None),
        ] {
            for source in [2_u32, 4, 6] {
                let code = (source << 24) | kind;
                let line = format!("[GNUPG:] FAILURE sign {code}");
                assert_eq!(said(&["gpg: signing failed", &line]), expected, "{line}");
                assert_eq!(said(&[&format!("[GNUPG:] FAILURE - {code}_NAME")]), expected, "{line}");
                // What it ends with says nothing of why.
                assert_eq!(said(&[&line, "[GNUPG:] FAILURE gpg-exit 33554433"]), expected, "{line}");
            }
        }
    }

    #[test]
    fn what_gpg_says_of_a_key_that_it_cannot_sign_with_comes_first() {
        for (code, expected) in [
            ("0", None),
            ("1", Some(Refusal::NoSecretKey)),
            ("3", Some(Refusal::MayNotSign)),
            ("4", Some(Refusal::Revoked)),
            ("5", Some(Refusal::Ended)),
            ("9", Some(Refusal::NoSecretKey)),
            ("13", Some(Refusal::Disabled)),
        ] {
            let line = format!("[GNUPG:] INV_SGNR {code} 0123456789ABCDEF0123456789ABCDEF01234567");
            assert_eq!(said(&[&line]), expected, "{line}");
            assert_eq!(
                said(&["[GNUPG:] KEYEXPIRED 1", &line, "[GNUPG:] FAILURE sign 17"]),
                expected,
                "{line}"
            );
        }
    }

    #[test]
    fn what_is_no_such_line_says_nothing() {
        for line in [
            "",
            "gpg: FAILURE sign 11",
            "[GNUPG:] FAILURE",
            "[GNUPG:] FAILURE sign",
            "[GNUPG:] FAILURE sign x",
            "[GNUPG:] INV_SGNR",
        ] {
            assert_eq!(said(&[line]), None, "{line}");
        }
    }
}
