//! Which machine goes by a key, when a command is given on one and carried out on others.

/// Who goes by a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// The machine at which the command is given.
    Here,
    /// The same, for hosts that it reaches by `ssh`.
    Ssh,
    /// The machine that builds.
    Builder,
    /// The machine that has the repository.
    Repository,
}

impl Reader {
    /// Who goes by this key, which may be dotted.
    pub fn of(key: &str) -> Self {
        let mut parts = key.split('.');
        match (parts.next().unwrap_or_default(), parts.nth(1)) {
            (
                "meta_path" | "debs_path" | "publish" | "signing" | "channels" | "base" | "bases" | "roles"
                | "domains",
                _,
            ) => Self::Repository,
            // A stack's domain, and who fetches, are decided before anything is asked for.
            ("projects", Some("domain" | "source")) => Self::Here,
            (
                "user"
                | "port"
                | "key_filename"
                | "gateway"
                | "forward_agent"
                | "use_ssh_config"
                | "ssh_config_path"
                | "connection_attempts"
                | "keepalive"
                | "disable_known_hosts"
                | "reuse_connection"
                | "shell",
                _,
            ) => Self::Ssh,
            ("working_copies" | "trebuchet_bin" | "projects", _) => Self::Builder,
            _ => Self::Here,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_gone_by_where_it_counts() {
        for (key, reader) in [
            ("meta_path", Reader::Repository),
            ("publish.url", Reader::Repository),
            ("channels.live.checked", Reader::Repository),
            ("bases.bookworm.packages", Reader::Repository),
            ("working_copies", Reader::Builder),
            ("projects.web.ref", Reader::Builder),
            ("projects.web.source", Reader::Here),
            ("domain", Reader::Here),
            ("timeout", Reader::Here),
            ("token_file", Reader::Here),
            ("port", Reader::Ssh),
            ("shell", Reader::Ssh),
        ] {
            assert_eq!(Reader::of(key), reader, "{key}");
        }
    }
}
