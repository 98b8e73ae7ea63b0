//! What a submodule's address means, which may be relative to the address of the repository that names it: the rules of
//! `submodule.<name>.url` in gitmodules(5), and of git's own `relative_url` in `remote.c`.

/// The address of a submodule that a repository at `parent` writes as `written`; `None` where it goes up beyond the top.
///
/// What comes out is text: no address until it parsed as a [`GitUrl`](super::GitUrl).
pub fn submodule_address(parent: &str, written: &str) -> Option<String> {
    if !["./", "../"].iter().any(|start| written.starts_with(start)) {
        return Some(written.to_owned());
    }
    let mut base = parent.strip_suffix('/').unwrap_or(parent);
    let (mut rest, mut separator) = (written, "/");
    loop {
        if let Some(above) = rest.strip_prefix("../") {
            rest = above;
            if let Some((shorter, _)) = base.rsplit_once('/') {
                base = shorter;
            } else if let Some((host, _)) = base.rsplit_once(':') {
                (base, separator) = (host, ":");
            } else if base == "." {
                return None;
            } else {
                base = ".";
            }
        } else if let Some(here) = rest.strip_prefix("./") {
            rest = here;
        } else {
            break;
        }
    }
    let mut address = format!("{base}{separator}{rest}");
    if rest.ends_with('/') {
        address.pop();
    }
    Some(address.strip_prefix("./").map(str::to_owned).unwrap_or(address))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// git's own answers, of `git submodule init`, are compared with in the tests of the crate `gachette`.
    #[test]
    fn an_address_is_relative_when_it_begins_with_dots() {
        let of = |written| submodule_address("git@example.org:team/app.git", written);
        assert_eq!(of("../lib.git").as_deref(), Some("git@example.org:team/lib.git"));
        assert_eq!(of("../../lib.git").as_deref(), Some("git@example.org:lib.git"));
        assert_eq!(of("https://example.org/lib").as_deref(), Some("https://example.org/lib"));
        assert_eq!(of("../../../../lib"), None);
    }
}
